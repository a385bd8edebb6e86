// Labels of connected components on a device: the twin of the core's class.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "cuda/labeling/forest.h"
#include "cuda/labeling/pictures.h"
#include "cuda/support/call.h"
#include "labeling/columns.h"
#include "support/image.h"

namespace panfuse::cuda {

class Label {
  public:
    // The images and `call` are used until the last `write` has been enqueued.
    Label(const ArrayView& images, const labeling::LabelOptions& options, const Call& call);
    Label(const Label&) = delete;
    Label& operator=(const Label&) = delete;

    // Finds the components; how many each image has. Four launches and a scan for the whole batch
    // (three where an image is no larger than a tile); waits for the stream once.
    std::vector<std::int64_t> count();

    // Writes the labels of all images in C order, each `label_bytes` wide: 2, 4 or 8. One launch;
    // after `count`.
    void write(void* labels, std::size_t label_bytes) const;

  private:
    Pictures pictures_;
    int steps_;
    Call call_;
    Forest forest_{};
};

}  // namespace panfuse::cuda

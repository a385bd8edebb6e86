// Connected components on a device, and what is known of each: the twin of the core's class.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "cuda/labeling/pictures.h"
#include "cuda/labeling/sums.h"
#include "cuda/support/call.h"
#include "labeling/columns.h"
#include "support/image.h"

namespace panfuse::cuda {

class Components {
  public:
    // As Label.
    Components(const ArrayView& images, const labeling::LabelOptions& options,
               const labeling::Filters& filters, const Call& call);
    Components(const Components&) = delete;
    Components& operator=(const Components&) = delete;

    // Finds and filters the components; how many each image has. Waits for the stream once, again
    // if some are to be removed, and again if those go to neighbours. Six launches, and what the
    // filters cost, for the whole batch.
    std::vector<std::int64_t> count();

    // Writes the labels as Label does, and one row for each component of each image. Two launches.
    void write(void* labels, std::size_t label_bytes,
               const labeling::ComponentColumns& columns) const;

  private:
    Pictures pictures_;
    labeling::LabelOptions options_;
    labeling::Filters filters_;
    int rank_;
    Call call_;
    Rows rows_{};
};

}  // namespace panfuse::cuda

// Masks without their holes or specks, on a device: the twin of the core's class.
#pragma once

#include "cuda/support/call.h"
#include "labeling/columns.h"
#include "support/image.h"

namespace panfuse::cuda {

class Masks {
  public:
    // The masks must outlive the object, and have two axes or more; both and `call` are used until
    // the `write` has been enqueued.
    Masks(const ArrayView& masks, const labeling::MaskOptions& options, const Call& call);
    Masks(const Masks&) = delete;
    Masks& operator=(const Masks&) = delete;

    // Writes all masks in C order, in their dtype. Enqueues on the stream: a copy, and five
    // launches for all masks together, or up to eleven where logits are cleaned.
    void write(void* out) const;

  private:
    ArrayView masks_;
    labeling::MaskOptions options_;
    Call call_;
};

}  // namespace panfuse::cuda

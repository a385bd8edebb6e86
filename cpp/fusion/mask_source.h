// Where the masks of instances come from.
#pragma once

#include <cstdint>
#include <memory>

#include "fusion/bit_plane.h"
#include "fusion/mask_kernels.h"
#include "rle/masks.h"
#include "support/image.h"

namespace panfuse::fusion {

struct ImageSize {
    std::int64_t height = 0, width = 0;
};

class MaskSource {
  public:
    virtual ~MaskSource() = default;

    // The part of the image that mask k may reach.
    virtual Region region(std::int64_t k) const = 0;

    // Adds mask k to a plane that holds its region. Threads may draw at once.
    virtual void draw(std::int64_t k, BitPlane& plane) const = 0;

    // The sum of the foreground's probabilities, 1 where there are none.
    virtual double probability(std::int64_t k) const = 0;
};

// Masks of the size of the image, of shape (N, H, W): bool or integers, which are foreground where
// they are not 0, or floats, by the threshold. std::invalid_argument if they have another size.
std::unique_ptr<MaskSource> full_masks(const ArrayView& masks, ImageSize size, Threshold threshold);

// Masks of shape (N, m, n) that are stretched to boxes of shape (N, 4), as in full_masks. A box
// without extent holds no mask. std::invalid_argument for a box that is not finite.
std::unique_ptr<MaskSource> roi_masks(const ArrayView& masks, const ArrayView& boxes,
                                      ImageSize size, Threshold threshold);

// Masks as runs, all of the size of the image, which must outlive the object.
std::unique_ptr<MaskSource> run_masks(const rle::Masks& masks);

}  // namespace panfuse::fusion

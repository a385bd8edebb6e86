// The signs of the logits of a mask, in C order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "labeling/rule.h"
#include "labeling/source.h"
#include "support/image.h"

namespace panfuse::labeling {

// The bytes of a number in a dtype of floats, rounded to nearest.
std::uint64_t float_bytes(double value, Dtype dtype);

class Signs final : public Source {
  public:
    // NaN is on neither side.
    enum class Side : std::uint8_t { positive, not_positive };

    Signs(const std::byte* logits, Dtype dtype, const Shape& shape, Side side);

    std::size_t scan(std::int64_t row, std::uint64_t* starts, std::uint64_t* inside) override;
    const void* pixels(std::int64_t) override { return nullptr; }
    Kernels::Touch touch() const override { return kernels().touch_binary; }

  private:
    const std::byte* logits_;
    Dtype dtype_;
    Shape shape_;
    Side side_;
    std::vector<std::uint8_t> row_;
};

}  // namespace panfuse::labeling

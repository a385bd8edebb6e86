#include "fusion/semantic.h"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <string>

#include "fusion/logit_rows.h"

namespace panfuse::fusion {
namespace {

constexpr std::size_t most_classes = 65535;
constexpr std::int64_t longest_axis = std::numeric_limits<std::int32_t>::max();

std::string text(std::int64_t height, std::int64_t width) {
    std::string size(1, '(');
    return size.append(std::to_string(height)).append(", ").append(std::to_string(width)) + ")";
}

[[noreturn]] void fail(const std::string& what) {
    throw std::invalid_argument("semantic: " + what);
}

class LabelRows final : public ClassRows {
  public:
    explicit LabelRows(const ValueCodes& labels) : rows_(labels) {}

    const std::uint16_t* row(std::int64_t y) override { return rows_.row(y); }

  private:
    CodeRows rows_;
};

}  // namespace

bool is_logit_dtype(Dtype dtype) { return is_float(dtype) && dtype.bytes <= 4; }

Semantic::Semantic(const ArrayView& view, const SemanticSize& size, int threads)
    : view_(view), size_(size) {
    if (is_logit_dtype(view.dtype)) {
        if (view.rank != 3)
            fail("expected logits of shape (C, h, w), got " + std::to_string(view.rank) + " axes");
        if (view.shape[0] == 0) fail("expected at least one channel of logits, got none");
        if (view.shape[0] > static_cast<std::int64_t>(most_classes))
            fail("expected at most 65535 channels, got " + std::to_string(view.shape[0]));
        if (size.covered_height < size.height || size.covered_width < size.width)
            fail("expected logits to cover the output " + text(size.height, size.width) +
                 ", got logits that cover " + text(size.covered_height, size.covered_width));
        const bool nothing = size.height == 0 || size.width == 0;
        if (!nothing && (view.shape[1] == 0 || view.shape[2] == 0))
            fail("expected logits of at least one row and column, got " +
                 text(view.shape[1], view.shape[2]));
        if (std::max({view.shape[1], view.shape[2], size.covered_height, size.covered_width}) >
            longest_axis)
            fail("expected axes of at most 2**31 - 1 pixels");
        for (std::int64_t k = 0; k < view.shape[0]; ++k) channels_.push_back(k);
        return;
    }
    if (is_float(view.dtype))
        fail("expected labels (integers) or logits of float32, float16 or bfloat16");
    if (view.rank != 2)
        fail("expected labels of shape (H, W), got " + std::to_string(view.rank) + " axes");
    if (view.shape[0] != size.height || view.shape[1] != size.width)
        fail("expected labels of the size " + text(size.height, size.width) + ", got " +
             text(view.shape[0], view.shape[1]));
    labels_.emplace(view, most_classes, "semantic", threads);
}

const std::vector<std::int64_t>& Semantic::values() const {
    return labels_ ? labels_->values() : channels_;
}

std::unique_ptr<ClassRows> Semantic::rows() const {
    if (labels_) return std::make_unique<LabelRows>(*labels_);
    if (view_.shape[1] == size_.covered_height && view_.shape[2] == size_.covered_width)
        return std::make_unique<FullLogitRows>(view_, size_.width);
    return std::make_unique<StretchedLogitRows>(view_, size_);
}

}  // namespace panfuse::fusion

#include "runs/pair_walk.h"

#include <cstdlib>

namespace panfuse::runs {
namespace {

// Shorter contiguous rows are cheaper to copy together than to scan one by one.
constexpr std::int64_t useful_row = 128;

bool aligned(const ArrayView& view, std::int64_t origin) {
    return (reinterpret_cast<std::uintptr_t>(view.data) + static_cast<std::uintptr_t>(origin)) %
               view.dtype.bytes ==
           0;
}

template <std::size_t bytes>
void copy_strided(const char* from, std::int64_t stride, std::size_t n, std::byte* to) {
    for (std::size_t i = 0; i < n; ++i)
        std::memcpy(to + i * bytes, from + static_cast<std::int64_t>(i) * stride, bytes);
}

void copy_row(const char* from, std::int64_t stride, std::size_t bytes, std::size_t n,
              std::byte* to) {
    switch (bytes) {
        case 1: return copy_strided<1>(from, stride, n, to);
        case 2: return copy_strided<2>(from, stride, n, to);
        case 4: return copy_strided<4>(from, stride, n, to);
        default: return copy_strided<8>(from, stride, n, to);
    }
}

}  // namespace

PairWalk::PairWalk(const ArrayView& a, const ArrayView& b)
    : size_(a.size()), a_bytes_(a.dtype.bytes), b_bytes_(b.dtype.bytes) {
    for (std::size_t i = 0; i < static_cast<std::size_t>(a.rank); ++i) {
        if (a.shape[i] <= 1) continue;
        Axis axis{a.shape[i], a.strides[i], b.strides[i]};
        if (axis.a < 0 || (axis.a == 0 && axis.b < 0)) {
            a_origin_ += (axis.length - 1) * axis.a;
            b_origin_ += (axis.length - 1) * axis.b;
            axis.a = -axis.a;
            axis.b = -axis.b;
        }
        axes_.push_back(axis);
    }
    std::stable_sort(axes_.begin(), axes_.end(), [](const Axis& left, const Axis& right) {
        return left.a != right.a ? left.a > right.a : std::abs(left.b) > std::abs(right.b);
    });
    std::vector<Axis> merged;
    for (const Axis& axis : axes_) {
        if (!merged.empty() && merged.back().a == axis.a * axis.length &&
            merged.back().b == axis.b * axis.length)
            merged.back() = {merged.back().length * axis.length, axis.a, axis.b};
        else
            merged.push_back(axis);
    }
    if (merged.empty())
        merged.push_back(
            {1, static_cast<std::int64_t>(a_bytes_), static_cast<std::int64_t>(b_bytes_)});
    axes_ = std::move(merged);
    direct_ = axes_.back().a == static_cast<std::int64_t>(a_bytes_) &&
              axes_.back().b == static_cast<std::int64_t>(b_bytes_) &&
              (axes_.size() == 1 || axes_.back().length >= useful_row) && aligned(a, a_origin_) &&
              aligned(b, b_origin_);
    for (std::size_t i = 0; i + 1 < axes_.size(); ++i)
        direct_ = direct_ && axes_[i].a % static_cast<std::int64_t>(a_bytes_) == 0 &&
                  axes_[i].b % static_cast<std::int64_t>(b_bytes_) == 0;
}

PairWalk::Position PairWalk::position(std::int64_t element) const {
    Position at{std::vector<std::int64_t>(axes_.size()), 0, 0};
    for (std::size_t i = axes_.size(); i-- > 0;) {
        at.index[i] = element % axes_[i].length;
        element /= axes_[i].length;
        at.a += at.index[i] * axes_[i].a;
        at.b += at.index[i] * axes_[i].b;
    }
    return at;
}

// From one past the end of a row to the start of the next.
void PairWalk::next_row(Position& at) const {
    for (std::size_t i = axes_.size(); i-- > 0;) {
        if (at.index[i] < axes_[i].length) return;
        at.a -= at.index[i] * axes_[i].a;
        at.b -= at.index[i] * axes_[i].b;
        at.index[i] = 0;
        if (i == 0) return;
        ++at.index[i - 1];
        at.a += axes_[i - 1].a;
        at.b += axes_[i - 1].b;
    }
}

std::size_t PairWalk::gather(Position& at, const char* a, const char* b, std::int64_t remaining,
                             std::byte* a_out, std::byte* b_out) const {
    const auto limit =
        static_cast<std::size_t>(std::min(remaining, static_cast<std::int64_t>(stretch_pixels)));
    const Axis& inner = axes_.back();
    std::size_t filled = 0;
    while (filled < limit) {
        std::int64_t& x = at.index.back();
        const std::size_t n = std::min(limit - filled, static_cast<std::size_t>(inner.length - x));
        copy_row(a + at.a, inner.a, a_bytes_, n, a_out + filled * a_bytes_);
        copy_row(b + at.b, inner.b, b_bytes_, n, b_out + filled * b_bytes_);
        filled += n;
        x += static_cast<std::int64_t>(n);
        at.a += static_cast<std::int64_t>(n) * inner.a;
        at.b += static_cast<std::int64_t>(n) * inner.b;
        if (x == inner.length) next_row(at);
    }
    return filled;
}

}  // namespace panfuse::runs

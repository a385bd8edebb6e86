#include "rle/overlap.h"

#include <algorithm>

#include "rle/layers.h"
#include "support/radix_sort.h"

namespace panfuse::rle {
namespace {

// Of runs and columns, what takes about as long: a step of the sweep, and a column of two layers.
constexpr std::size_t columns_a_run = 8;

// Calls put(a, b, shared) for every pair of two masks, `a` running fastest.
template <class Put>
void for_pairs(const Masks& a_, const Foreground& a, const Masks& b_, const Foreground& b,
               Put&& put) {
    const Layers a_layers(a_), b_layers(b_);
    const auto shared = [&](std::size_t i, std::size_t j) -> std::int64_t {
        const Box &p = a_layers.box(i), &q = b_layers.box(j);
        const std::int32_t left = std::max(p.x, q.x);
        const auto right = static_cast<std::int32_t>(
            std::min(p.x + std::int64_t{p.width}, q.x + std::int64_t{q.width}));
        if (left >= right || std::max(p.y, q.y) >= std::min(p.y + std::int64_t{p.height},
                                                            q.y + std::int64_t{q.height}))
            return 0;
        const std::size_t layers = a_layers.count(i) * b_layers.count(j);
        const std::size_t runs = a[i].size() + b[j].size();
        if (layers > 0 && layers * static_cast<std::size_t>(right - left) < columns_a_run * runs)
            return shared_pixels(a_layers, i, b_layers, j, left, right);
        return intersection(a[i], b[j]);
    };
    for (std::size_t j = 0; j < b.size(); ++j)
        for (std::size_t i = 0; i < a.size(); ++i) put(i, j, shared(i, j));
}

struct OwnedRun {
    std::uint32_t begin, end;
    std::int32_t owner;
};

using OwnedRuns = UninitializedVector<OwnedRun>;

// The runs of all masks by where they begin; in the masks' order where they begin together.
OwnedRuns sorted_runs(const Masks& masks) {
    const Foreground all(masks);
    OwnedRuns runs, scratch;
    runs.reserve(all.runs.size());
    for (std::size_t i = 0; i < all.size(); ++i)
        for (const Run& run : all[i])
            runs.push_back({run.begin, run.end, static_cast<std::int32_t>(i)});
    radix_sort(runs, scratch, [](const OwnedRun& run) { return std::uint64_t{run.begin}; });
    return runs;
}

// Sums the pixels that pairs share. What was collected is summed whenever it has doubled, so that
// memory is proportional to the pairs.
class PairSums {
  public:
    void add(std::int32_t a, std::int32_t b, std::uint32_t pixels) {
        const std::uint64_t key =
            std::uint64_t{static_cast<std::uint32_t>(a)} << 32 | static_cast<std::uint32_t>(b);
        if (!sums_.empty() && sums_.back().key == key) {
            sums_.back().pixels += pixels;
            return;
        }
        if (sums_.size() == limit_) {
            reduce();
            limit_ = std::max(limit_, 2 * sums_.size());
        }
        sums_.push_back({key, pixels});
    }

    std::vector<SharedPixels> take() {
        reduce();
        std::vector<SharedPixels> pairs;
        pairs.reserve(sums_.size());
        for (const Sum& sum : sums_)
            pairs.push_back({static_cast<std::int32_t>(sum.key >> 32),
                             static_cast<std::int32_t>(sum.key), sum.pixels});
        return pairs;
    }

  private:
    struct Sum {
        std::uint64_t key;
        std::int64_t pixels;
    };

    void reduce() {
        if (sums_.empty()) return;
        radix_sort(sums_, scratch_, [](const Sum& sum) { return sum.key; });
        std::size_t last = 0;
        for (std::size_t i = 1; i < sums_.size(); ++i)
            if (sums_[i].key == sums_[last].key)
                sums_[last].pixels += sums_[i].pixels;
            else
                sums_[++last] = sums_[i];
        sums_.resize(last + 1);
    }

    UninitializedVector<Sum> sums_, scratch_;
    std::size_t limit_ = 4096;
};

}  // namespace

Foreground::Foreground(const Masks& masks) {
    runs.resize(masks.counts().size() / 2);
    starts.reserve(masks.size() + 1);
    starts.push_back(0);
    areas.reserve(masks.size());
    Run* out = runs.data();
    for (std::size_t i = 0; i < masks.size(); ++i) {
        const Runs counts = masks[i];
        Run* const first = out;
        std::uint32_t at = 0;
        std::int64_t area = 0;
        for (std::size_t k = 0; k + 1 < counts.size(); k += 2) {
            at += counts[k];
            const std::uint32_t n = counts[k + 1];
            if (n == 0) continue;
            if (out != first && out[-1].end == at)
                out[-1].end = at + n;
            else
                *out++ = {at, at + n};
            at += n;
            area += n;
        }
        starts.push_back(static_cast<std::size_t>(out - runs.data()));
        areas.push_back(area);
    }
    runs.resize(starts.back());
}

std::int64_t intersection(std::span<const Run> a, std::span<const Run> b) {
    if (a.empty() || b.empty()) return 0;
    const auto ends_before = [](const Run& run, std::uint32_t at) { return run.end <= at; };
    const Run* p = std::lower_bound(a.data(), a.data() + a.size(), b.front().begin, ends_before);
    const Run* q = std::lower_bound(b.data(), b.data() + b.size(), a.front().begin, ends_before);
    const auto begins_before = [](const Run& run, std::uint32_t at) { return run.begin < at; };
    const Run* const p_end = std::lower_bound(p, a.data() + a.size(), b.back().end, begins_before);
    const Run* const q_end = std::lower_bound(q, b.data() + b.size(), a.back().end, begins_before);
    std::int64_t sum = 0;
    while (p != p_end && q != q_end) {
        const std::uint32_t begin = std::max(p->begin, q->begin), end = std::min(p->end, q->end);
        sum += end > begin ? end - begin : 0;
        const bool first = p->end <= q->end;
        p += first;
        q += !first;
    }
    return sum;
}

void intersections(const Masks& a, const Masks& b, std::int64_t* out) {
    for_pairs(a, Foreground(a), b, Foreground(b),
              [&](std::size_t, std::size_t, std::int64_t shared) { *out++ = shared; });
}

void ious(const Masks& a_, const Masks& b_, std::span<const std::uint8_t> crowds, double* out) {
    const Foreground a(a_), b(b_);
    for_pairs(a_, a, b_, b, [&](std::size_t i, std::size_t j, std::int64_t shared) {
        const std::int64_t whole = crowds[j] != 0 ? a.areas[i] : a.areas[i] + b.areas[j] - shared;
        *out++ = shared == 0 ? 0 : static_cast<double>(shared) / static_cast<double>(whole);
    });
}

std::vector<SharedPixels> overlaps(const Masks& a_, const Masks& b_) {
    const OwnedRuns a = sorted_runs(a_), b = sorted_runs(b_);
    PairSums sums;
    for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
        if (a[i].begin <= b[j].begin) {
            for (std::size_t k = j; k < b.size() && b[k].begin < a[i].end; ++k)
                sums.add(a[i].owner, b[k].owner, std::min(a[i].end, b[k].end) - b[k].begin);
            ++i;
        } else {
            for (std::size_t k = i; k < a.size() && a[k].begin < b[j].end; ++k)
                sums.add(a[k].owner, b[j].owner, std::min(a[k].end, b[j].end) - a[k].begin);
            ++j;
        }
    }
    return sums.take();
}

SelfOverlaps self_overlaps(const Masks& masks) {
    const OwnedRuns runs = sorted_runs(masks);
    PairSums sums;
    SelfOverlaps result;
    std::uint32_t covered = 0, doubly = 0;  // up to where
    for (std::size_t i = 0; i < runs.size(); ++i) {
        for (std::size_t k = i + 1; k < runs.size() && runs[k].begin < runs[i].end; ++k)
            sums.add(std::min(runs[i].owner, runs[k].owner), std::max(runs[i].owner, runs[k].owner),
                     std::min(runs[i].end, runs[k].end) - runs[k].begin);
        const std::uint32_t again = std::min(runs[i].end, covered);
        const std::uint32_t from = std::max(runs[i].begin, doubly);
        if (again > from) result.pixels += again - from;
        doubly = std::max(doubly, again);
        covered = std::max(covered, runs[i].end);
    }
    result.pairs = sums.take();
    return result;
}

}  // namespace panfuse::rle

#include "rle/merge.h"

#include <algorithm>
#include <bit>
#include <utility>
#include <vector>

#include "rle/overlap.h"

namespace panfuse::rle {
namespace {

using RunList = UninitializedVector<Run>;

void unite(std::span<const Run> a, std::span<const Run> b, RunList& out) {
    if (a.empty()) std::swap(a, b);
    if (a.empty()) return;
    out.resize(a.size() + b.size());
    const Run *p = a.data(), *const p_end = p + a.size();
    const Run *q = b.data(), *const q_end = q + b.size();
    Run* last = out.data() - 1;  // the run that may still grow
    const auto put = [&](const Run& run) {
        if (last >= out.data() && run.begin <= last->end)
            last->end = std::max(last->end, run.end);
        else
            *++last = run;
    };
    while (p != p_end && q != q_end) put(p->begin <= q->begin ? *p++ : *q++);
    while (p != p_end) put(*p++);
    while (q != q_end) put(*q++);
    out.resize(static_cast<std::size_t>(last + 1 - out.data()));
}

void meet(std::span<const Run> a, std::span<const Run> b, RunList& out) {
    out.resize(a.size() + b.size());
    Run* next = out.data();
    for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
        *next = {std::max(a[i].begin, b[j].begin), std::min(a[i].end, b[j].end)};
        next += next->begin < next->end;
        const bool first = a[i].end <= b[j].end;
        i += first;
        j += !first;
    }
    out.resize(static_cast<std::size_t>(next - out.data()));
}

// Neighbours are merged first, so that each run is looked at as often as the number of masks can be
// halved.
RunList merged(const Foreground& all, std::size_t begin, std::size_t end, bool intersect) {
    RunList out;
    if (end - begin == 1) {
        out.assign(all[begin].begin(), all[begin].end());
        return out;
    }
    const std::size_t middle = begin + (end - begin) / 2;
    const RunList left = merged(all, begin, middle, intersect);
    if (intersect && left.empty()) return out;
    const RunList right = merged(all, middle, end, intersect);
    if (intersect)
        meet(left, right, out);
    else
        unite(left, right, out);
    return out;
}

// The union by one bit for each pixel, which every run sets.
void unite_bits(const Masks& masks, std::uint32_t pixels, Counts& counts) {
    std::vector<std::uint64_t> bits(pixels / 64 + 1);
    for (std::size_t i = 0; i < masks.size(); ++i) {
        const Runs runs = masks[i];
        std::uint32_t begin = 0;
        for (std::size_t k = 0; k + 1 < runs.size(); k += 2) {
            begin += runs[k];
            const std::uint32_t n = runs[k + 1];
            if (n == 0) continue;
            const std::uint32_t last = begin + n - 1;
            std::uint64_t *word = bits.data() + begin / 64, *const end = bits.data() + last / 64;
            std::uint64_t set = ~std::uint64_t{0} << begin % 64;
            for (; word != end; ++word, set = ~std::uint64_t{0}) *word |= set;
            *word |= set & ~std::uint64_t{0} >> (63 - last % 64);
            begin += n;
        }
    }
    std::uint64_t before = 0;
    std::uint32_t end = 0;
    for (std::size_t i = 0; i < bits.size(); ++i) {
        std::uint64_t steps = bits[i] ^ (bits[i] << 1 | before);
        before = bits[i] >> 63;
        for (; steps != 0; steps &= steps - 1) {
            const auto at = static_cast<std::uint32_t>(
                64 * i + static_cast<std::size_t>(std::countr_zero(steps)));
            counts.push_back(at - end);
            end = at;
        }
    }
    if (end < pixels || pixels == 0) counts.push_back(pixels - end);
}

}  // namespace

Masks merge(const Masks& masks, bool intersect) {
    const Size size = masks.size_of(0);
    const auto pixels = static_cast<std::uint32_t>(size.pixels());
    Masks out;
    // So the bits take no more memory than the counts, or little.
    if (!intersect && pixels / 64 < 2 * masks.counts().size() + 64) {
        unite_bits(masks, pixels, out.arena());
    } else {
        const RunList runs = merged(Foreground(masks), 0, masks.size(), intersect);
        CountWriter writer(out.arena());
        for (const Run& run : runs) writer.put(run.begin, run.end);
        writer.finish(pixels);
    }
    out.close(size);
    return out;
}

}  // namespace panfuse::rle

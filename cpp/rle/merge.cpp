#include "rle/merge.h"

#include <algorithm>
#include <utility>

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

}  // namespace

Masks merge(const Masks& masks, bool intersect) {
    const Size size = masks.size_of(0);
    const RunList runs = merged(Foreground(masks), 0, masks.size(), intersect);
    Masks out;
    CountWriter writer(out.arena());
    for (const Run& run : runs) writer.put(run.begin, run.end);
    writer.finish(static_cast<std::uint32_t>(size.pixels()));
    out.close(size);
    return out;
}

}  // namespace panfuse::rle

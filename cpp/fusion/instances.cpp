#include "fusion/instances.h"

#include <algorithm>
#include <numeric>
#include <unordered_map>
#include <utility>

#include "support/parallel.h"

namespace panfuse::fusion {
namespace {

// Masks are drawn ahead, by all threads, until they hold so many words.
constexpr std::int64_t words_ahead = std::int64_t{1} << 20;
constexpr std::int64_t pixels_of_chunk = std::int64_t{1} << 16;

void set_box(const Extent& extent, Segment& segment) {
    segment.area = extent.area;
    const std::int64_t box[] = {extent.left, extent.top, extent.right - extent.left,
                                extent.bottom - extent.top};
    for (int i = 0; i < 4; ++i) segment.box[i] = static_cast<std::int32_t>(box[i]);
}

}  // namespace

InstanceFusion::InstanceFusion(const Instances& instances, Background background, ImageSize size,
                               const InstanceRules& rules, int threads)
    : instances_(instances),
      background_(std::move(background)),
      size_(size),
      rules_(rules),
      threads_(threads),
      scores_(instances.scores),
      decisions_(instances.scores.size(), Decision::kept) {}

bool InstanceFusion::scored(std::int32_t k) const {
    const double score = scores_[static_cast<std::size_t>(k)];
    const auto passes = [&](auto value, auto threshold) {
        return rules_.score_strict ? value > threshold : value >= threshold;
    };
    if (rules_.single_thresholds)
        return passes(static_cast<float>(score), static_cast<float>(rules_.instance_threshold));
    return passes(score, rules_.instance_threshold);
}

void InstanceFusion::weigh_scores() {
    std::vector<float> weights(scores_.size());
    run_chunks(threads_, static_cast<std::int64_t>(scores_.size()), [&](int, std::int64_t k) {
        BitPlane mask(instances_.masks->region(k));
        instances_.masks->draw(k, mask);
        Overlap found;
        for (std::int64_t y = mask.region().top; y < mask.region().bottom; ++y)
            mask_kernels().measure(mask.row(y), mask.row(y),
                                   static_cast<std::size_t>(mask.region().words()), &found);
        weights[static_cast<std::size_t>(k)] =
            static_cast<float>(instances_.masks->probability(k)) /
            (static_cast<float>(found.area) + 1.0f);
    });
    for (std::size_t k = 0; k < scores_.size(); ++k)
        scores_[k] =
            static_cast<double>(static_cast<float>(scores_[k]) * (weights[k] * weights[k]));
}

std::vector<InstanceFusion::Members> InstanceFusion::order() {
    std::vector<std::int32_t> sorted(scores_.size());
    std::iota(sorted.begin(), sorted.end(), 0);
    std::stable_sort(sorted.begin(), sorted.end(), [&](std::int32_t a, std::int32_t b) {
        return scores_[static_cast<std::size_t>(a)] > scores_[static_cast<std::size_t>(b)];
    });
    std::vector<Members> things, stuff;
    std::unordered_map<std::int64_t, std::size_t> of_category;
    for (const std::int32_t k : sorted) {
        const auto at = static_cast<std::size_t>(k);
        const bool joins = !instances_.things[at] && rules_.stuff_masks == StuffMasks::after_things;
        if (!joins && !scored(k)) {
            decisions_[at] = Decision::score;
        } else if (!joins) {
            things.push_back({k});
        } else {
            const auto [found, is_new] =
                of_category.try_emplace(instances_.categories[at], stuff.size());
            if (is_new) stuff.emplace_back();
            stuff[found->second].push_back(k);
        }
    }
    things.insert(things.end(), stuff.begin(), stuff.end());
    return things;
}

void InstanceFusion::lay_all(const std::vector<Members>& order, Overlay& overlay) {
    std::vector<BitPlane> drawn;
    for (std::size_t begin = 0; begin < order.size();) {
        drawn.clear();
        std::int64_t words = 0;
        std::size_t end = begin;
        for (; end < order.size() && words < words_ahead; ++end) {
            Region region;
            for (const std::int32_t k : order[end])
                region = joined(region, instances_.masks->region(k));
            drawn.emplace_back(region);
            words += region.size() + 64;
        }
        run_chunks(threads_, static_cast<std::int64_t>(end - begin), [&](int, std::int64_t i) {
            const auto at = static_cast<std::size_t>(i);
            for (const std::int32_t k : order[begin + at]) instances_.masks->draw(k, drawn[at]);
        });
        for (std::size_t i = begin; i < end; ++i) lay(order[i], drawn[i - begin], overlay);
        begin = end;
    }
}

bool InstanceFusion::overlaps(const Overlap& found, bool is_thing) const {
    const double threshold = is_thing ? rules_.overlap_things : rules_.overlap_stuff;
    const auto area = static_cast<double>(found.area), shared = static_cast<double>(found.shared);
    const auto area_f = static_cast<float>(found.area), shared_f = static_cast<float>(found.shared);
    switch (rules_.overlap) {
        case OverlapRule::single: return shared_f / area_f > static_cast<float>(threshold);
        case OverlapRule::single_offset:
            return shared_f / (area_f + 1e-5f) > static_cast<float>(threshold);
        case OverlapRule::remaining: return (area - shared) / area < 1.0 - threshold;
        case OverlapRule::ratio: break;
    }
    return shared / area > threshold;
}

void InstanceFusion::lay(const Members& members, const BitPlane& mask, Overlay& overlay) {
    const auto best = static_cast<std::size_t>(members.front());
    const bool is_thing = instances_.things[best];
    const Overlap found = overlay.measure(mask);
    const auto decide = [&](Decision decision) {
        for (const std::int32_t k : members) decisions_[static_cast<std::size_t>(k)] = decision;
    };
    const bool joined_stuff = !is_thing && rules_.stuff_masks == StuffMasks::after_things;
    if (joined_stuff) {
        if (found.area - found.shared < rules_.stuff_area)
            return decide(found.area == 0 ? Decision::empty : Decision::area);
    } else {
        if (found.area == 0 && rules_.overlap != OverlapRule::single)
            return decide(Decision::empty);
        if (overlaps(found, is_thing)) return decide(Decision::overlap);
    }
    Entry entry;
    entry.segment.category = static_cast<std::int32_t>(instances_.categories[best]);
    entry.segment.is_thing = is_thing;
    entry.segment.score = static_cast<float>(scores_[best]);
    entry.segment.source = members.front();
    entry.extent = overlay.lay(mask, static_cast<std::int32_t>(entries_.size() + 1));
    const bool has_pixels = entry.extent.area > 0;
    if (!has_pixels) decide(found.area == 0 ? Decision::empty : Decision::overlap);
    if (has_pixels || rules_.empty_entries || joined_stuff) number(entry.segment, has_pixels);
    entries_.push_back(entry);
}

void InstanceFusion::number(Segment& segment, bool has_pixels) {
    const std::int64_t category = segment.category;
    segment.original = category;
    switch (rules_.numbering) {
        case Numbering::in_order: segment.original = ++count_; break;
        case Numbering::category_and_index:
            if (segment.is_thing && has_pixels) segment.original = category + 1000 * ++count_;
            break;
        case Numbering::category_and_rank:
            if (segment.is_thing) segment.original = category + (++ranks_[category] << 32);
            break;
        case Numbering::category_and_thing:
            if (segment.is_thing) segment.original = category + (++count_ << 32);
            break;
    }
}

void InstanceFusion::lay_stuff(Overlay& overlay) {
    for (std::size_t k = 0; k < background_.categories.size(); ++k) {
        BitPlane mask(background_.masks->region(static_cast<std::int64_t>(k)));
        background_.masks->draw(static_cast<std::int64_t>(k), mask);
        const Overlap found = overlay.measure(mask);
        const std::int64_t left = found.area - found.shared;
        if ((rules_.stuff_area_before ? found.area : left) < rules_.stuff_area) continue;
        Entry entry;
        entry.segment.category = background_.categories[k];
        entry.extent = overlay.lay(mask, static_cast<std::int32_t>(entries_.size() + 1));
        number(entry.segment, left > 0);
        entries_.push_back(entry);
    }
}

void InstanceFusion::add_stuff(const std::vector<ClassPixels>& pixels,
                               std::vector<std::int32_t>& of_class) {
    std::size_t present = pixels.size();
    while (present > 0 && pixels[present - 1].all == 0) --present;
    std::unordered_map<std::int32_t, Members> classes_of_category;
    std::vector<std::int32_t> categories;  // by their first class
    for (std::size_t k = 0; k < present; ++k) {
        const Class& klass = background_.classes[k];
        const bool counts =
            klass.kind == Class::Kind::stuff ||
            (klass.kind == Class::Kind::thing && rules_.leftover == Leftover::crowd);
        if (!counts) continue;
        Members& members = classes_of_category[klass.category];
        if (members.empty()) categories.push_back(klass.category);
        members.push_back(static_cast<std::int32_t>(k));
    }
    // seamseg goes through all labels up to the greatest, those that do not occur included.
    const bool every_label = rules_.leftover == Leftover::crowd && rules_.stuff_area <= 0;
    const std::int64_t before = count_;
    for (const std::int32_t category : categories) {
        const Members& members = classes_of_category[category];
        Entry entry;
        std::int64_t all = 0;
        for (const std::int32_t k : members) {
            entry.extent.add(pixels[static_cast<std::size_t>(k)].free);
            all += pixels[static_cast<std::size_t>(k)].all;
        }
        const std::int64_t counted = rules_.stuff_area_before ? all : entry.extent.area;
        const bool occurs = all > 0 || rules_.leftover == Leftover::crowd;
        if (counted < rules_.stuff_area || !occurs) continue;
        entry.segment.category = category;
        entry.segment.is_crowd =
            background_.classes[static_cast<std::size_t>(members.front())].kind ==
            Class::Kind::thing;
        entry.segment.is_thing = entry.segment.is_crowd;
        if (every_label)
            count_ = before + background_.map->values()[static_cast<std::size_t>(members.front())];
        number(entry.segment, entry.extent.area > 0);
        entries_.push_back(entry);
        for (const std::int32_t k : members)
            of_class[static_cast<std::size_t>(k)] = static_cast<std::int32_t>(entries_.size());
    }
}

Fused InstanceFusion::fuse(std::int32_t* ids) {
    const std::int64_t pixels = size_.height * size_.width;
    const std::int64_t chunks = (pixels + pixels_of_chunk - 1) / pixels_of_chunk;
    const auto each_chunk = [&](const auto& body) {
        run_chunks(threads_, chunks, [&](int, std::int64_t chunk) {
            const std::int64_t begin = chunk * pixels_of_chunk;
            body(ids + begin, static_cast<std::size_t>(std::min(pixels_of_chunk, pixels - begin)));
        });
    };
    each_chunk([](std::int32_t* part, std::size_t n) { std::fill_n(part, n, 0); });
    if (rules_.weigh_scores) weigh_scores();
    Overlay overlay(size_, ids);
    lay_all(order(), overlay);
    lay_stuff(overlay);
    std::vector<std::int32_t> of_class(background_.classes.size(), 0);
    if (background_.map != nullptr)
        add_stuff(mark_classes(*background_.map, overlay, size_, threads_, ids), of_class);

    Fused fused;
    fused.decisions = decisions_;
    // What each mark of the pixels becomes: -1 - class, 0, or an entry's place.
    std::vector<std::int32_t> table(background_.classes.size() + 1 + entries_.size(), 0);
    std::int32_t* const zero = table.data() + background_.classes.size();
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        if (entries_[i].extent.area == 0) continue;
        set_box(entries_[i].extent, entries_[i].segment);
        fused.segments.push_back(entries_[i].segment);
        zero[i + 1] = static_cast<std::int32_t>(fused.segments.size());
    }
    for (std::size_t k = 0; k < of_class.size(); ++k)
        *(zero - 1 - k) = of_class[k] > 0 ? zero[of_class[k]] : 0;
    const bool finished = background_.map == nullptr && fused.segments.size() == entries_.size();
    if (!finished)
        each_chunk([&](std::int32_t* part, std::size_t n) { mask_kernels().remap(zero, n, part); });
    return fused;
}

}  // namespace panfuse::fusion

#include "evaluation/judge.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "support/error.h"

namespace panfuse::evaluation {
namespace {

constexpr std::int64_t void_id = 0;
constexpr double none = std::numeric_limits<double>::quiet_NaN();

[[noreturn]] void refuse(const Image& image, const std::string& map, const std::string& fault) {
    throw FormatError(image.name + ": " + map + ": " + fault);
}

std::string segment(std::int64_t id) { return "segment " + std::to_string(id); }

}  // namespace

void Judge::Side::list(const Listed& listed) {
    std::vector<std::pair<std::int64_t, std::size_t>> rows;
    rows.reserve(listed.size());
    for (std::size_t row = 0; row < listed.size(); ++row) rows.emplace_back(listed.ids[row], row);
    std::sort(rows.begin(), rows.end());
    segments.clear();
    for (const auto& [id, row] : rows) {
        if (segments.empty() || segments.back().id != id) {
            segments.emplace_back();
            segments.back().id = id;
            segments.back().place = row;
        }
        Segment& last = segments.back();
        last.category_id = listed.category_ids[row];
        last.area = listed.areas.empty() ? none : listed.areas[row];
        last.is_crowd = !listed.is_crowd.empty() && listed.is_crowd[row] != 0;
    }
    in_json_order.resize(segments.size());
    for (std::uint32_t i = 0; i < segments.size(); ++i) in_json_order[i] = i;
    std::sort(in_json_order.begin(), in_json_order.end(),
              [&](auto a, auto b) { return segments[a].place < segments[b].place; });
}

Judge::Segment* Judge::Side::find(std::int64_t id) {
    const auto at = std::lower_bound(segments.begin(), segments.end(), id,
                                     [](const Segment& s, std::int64_t i) { return s.id < i; });
    return at != segments.end() && at->id == id ? &*at : nullptr;
}

bool Judge::known(std::int64_t category_id) const {
    return std::binary_search(category_ids_.begin(), category_ids_.end(), category_id);
}

void Judge::judge(const Image& image, Judgement& to) {
    gt_.list(image.gt);
    pred_.list(image.pred);
    if (protocol_ == Protocol::coco) check_lists(image);
    const std::size_t outcomes = to.outcomes.size(), notes = to.notes.size();
    try {
        resolve(image, to);
        check_seen(image);
        count_crowds();
        match(image, to);
    } catch (...) {
        to.outcomes.resize(outcomes);
        to.notes.resize(notes);
        throw;
    }
    note(image, to);
}

// What cannot be judged whatever the maps hold.
void Judge::check_lists(const Image& image) const {
    const auto check = [&](const Side& side, const Listed& listed, const std::string& map) {
        for (const Segment& s : side.segments) {
            if (s.id == void_id) refuse(image, map, "segment 0 is listed, but id 0 is void");
            if (!known(s.category_id))
                refuse(
                    image, map,
                    segment(s.id) + " has the unknown category " + std::to_string(s.category_id));
        }
        if (side.segments.size() == listed.size()) return;
        std::vector<std::int64_t> ids(listed.ids.begin(), listed.ids.end());
        std::sort(ids.begin(), ids.end());
        refuse(image, map,
               segment(*std::adjacent_find(ids.begin(), ids.end())) + " is listed twice");
    };
    check(gt_, image.gt, image.gt_map);
    check(pred_, image.pred, image.pred_map);
}

// Finds the segments of every pair, counts their pixels, and notes ids that gt does not list.
void Judge::resolve(const Image& image, Judgement& to) {
    pairs_.clear();
    Segment* gt = nullptr;
    bool is_void = false;
    const Pair* before = nullptr;
    std::int64_t unlisted = 0;
    const auto note_unlisted = [&] {
        if (unlisted > 0)
            to.notes.push_back(
                {Finding::unlisted, before->gt_id, none, unlisted / image.gt_copies});
        unlisted = 0;
    };
    for (const Pair& pair : image.pairs) {
        if (before == nullptr || pair.gt_id != before->gt_id) {
            note_unlisted();
            gt = gt_.find(pair.gt_id);
            is_void = pair.gt_id == void_id || (gt == nullptr && protocol_ == Protocol::coco);
        }
        before = &pair;
        if (gt == nullptr && pair.gt_id != void_id) unlisted += pair.pixels;
        Segment* const pred = pred_.find(pair.pred_id);
        if (pred == nullptr && pair.pred_id != void_id)
            refuse(image, image.pred_map,
                   segment(pair.pred_id) + " is in the map and not in the JSON");
        if (gt != nullptr) gt->pixels += pair.pixels;
        if (pred != nullptr) {
            pred->pixels += pair.pixels;
            if (is_void) pred->in_void += pair.pixels;
        }
        if (gt != nullptr && pred != nullptr) pairs_.push_back({gt, pred, pair.pixels});
    }
    note_unlisted();
}

// Every predicted segment has pixels, and a category.
void Judge::check_seen(const Image& image) const {
    for (const Segment& s : pred_.segments)
        if (s.pixels > 0 && !known(s.category_id))
            refuse(image, image.pred_map,
                   segment(s.id) + " has the unknown category " + std::to_string(s.category_id));
    for (const Segment& s : pred_.segments)
        if (s.pixels == 0)
            refuse(image, image.pred_map, segment(s.id) + " is in the JSON and not in the map");
}

// Pixels of every prediction that lie in crowds of its category.
void Judge::count_crowds() {
    const auto last_of_category = [&](const Segment& crowd) {
        return std::none_of(gt_.segments.begin(), gt_.segments.end(), [&](const Segment& other) {
            return other.is_crowd && other.category_id == crowd.category_id &&
                   other.place > crowd.place;
        });
    };
    for (const Resolved& pair : pairs_) {
        if (!pair.gt->is_crowd || pair.gt->category_id != pair.pred->category_id) continue;
        if (protocol_ == Protocol::coco || last_of_category(*pair.gt))
            pair.pred->in_crowd += pair.pixels;
    }
}

// The IoU of a pair if the two match; 0 otherwise.
double Judge::iou_of_match(const Image& image, const Resolved& pair) const {
    const Segment &gt = *pair.gt, &pred = *pair.pred;
    if (protocol_ == Protocol::coco) {
        const std::int64_t all = gt.pixels + pred.pixels - pair.pixels - pred.in_void;
        if (2 * pair.pixels <= all) return 0;
        return static_cast<double>(pair.pixels) / static_cast<double>(all);
    }
    if (std::isnan(gt.area))
        refuse(image, image.gt_map,
               segment(gt.id) + " has no area in the JSON, which protocol 'panopticapi' takes");
    const auto pixels = static_cast<double>(pair.pixels);
    const double all = static_cast<double>(pred.pixels / image.pred_copies) + gt.area - pixels -
                       static_cast<double>(pred.in_void);
    const double iou = pixels / all;
    return iou > 0.5 ? iou : 0;
}

void Judge::match(const Image& image, Judgement& to) {
    for (const Resolved& pair : pairs_) {
        if (pair.gt->is_crowd || pair.gt->category_id != pair.pred->category_id) continue;
        const double iou = iou_of_match(image, pair);
        if (iou == 0) continue;
        to.outcomes.push_back({iou, pair.gt->category_id, Kind::true_positive});
        pair.gt->matched = pair.pred->matched = true;
    }
    for (const std::uint32_t i : gt_.in_json_order) {
        const Segment& s = gt_.segments[i];
        if (s.matched || s.is_crowd) continue;
        if (s.pixels == 0 && protocol_ == Protocol::coco) continue;
        to.outcomes.push_back({0, s.category_id, Kind::false_negative});
    }
    for (const std::uint32_t i : pred_.in_json_order) {
        const Segment& s = pred_.segments[i];
        if (s.matched || 2 * (s.in_void + s.in_crowd) > s.pixels / image.pred_copies) continue;
        to.outcomes.push_back({0, s.category_id, Kind::false_positive});
    }
}

// What is unsound about the segments that gt lists.
void Judge::note(const Image& image, Judgement& to) const {
    for (const Segment& s : gt_.segments) {
        const std::int64_t pixels = s.pixels / image.gt_copies;
        if (pixels == 0)
            to.notes.push_back({Finding::unseen, s.id, s.area, 0});
        else if (!std::isnan(s.area) && s.area != static_cast<double>(pixels))
            to.notes.push_back({Finding::area, s.id, s.area, pixels});
    }
    for (const std::uint32_t i : gt_.in_json_order) {
        const Segment& first = gt_.segments[i];
        if (!first.is_crowd) continue;
        int crowds = 0;
        bool is_first = true;
        for (const Segment& s : gt_.segments) {
            if (!s.is_crowd || s.category_id != first.category_id) continue;
            ++crowds;
            is_first = is_first && s.place >= first.place;
        }
        if (is_first && crowds > 1)
            to.notes.push_back(
                {Finding::crowds, first.category_id, static_cast<double>(crowds), 0});
    }
}

}  // namespace panfuse::evaluation

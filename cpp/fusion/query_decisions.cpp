#include "fusion/query_decisions.h"

#include <algorithm>
#include <unordered_map>

namespace panfuse::fusion {
namespace {

bool keeps_enough(std::int64_t won, std::int64_t area, const QueryRules& rules) {
    if (rules.overlap == QueryOverlap::above_single)
        return static_cast<double>(static_cast<float>(won) / static_cast<float>(area)) >
               rules.overlap_threshold;
    return static_cast<double>(won) / static_cast<double>(area) >= rules.overlap_threshold;
}

// Numbers segments as the preset's project does.
class Numbers {
  public:
    explicit Numbers(QueryNumbering numbering) : numbering_(numbering) {}

    std::int64_t next(std::int32_t channel, bool is_thing) {
        const std::int64_t label = channel;
        switch (numbering_) {
            case QueryNumbering::from_zero: return count_++;
            case QueryNumbering::class_and_index: return is_thing ? label + 1000 * ++count_ : label;
            case QueryNumbering::class_and_segment: return label | count_++ << 32;
            default: return ++count_;
        }
    }

    void joined(std::int64_t number) {
        if (numbering_ == QueryNumbering::from_one_reused) count_ = number;
    }

  private:
    QueryNumbering numbering_;
    std::int64_t count_ = 0;
};

}  // namespace

void PixelBox::include(const PixelBox& other) {
    left = std::min(left, other.left);
    top = std::min(top, other.top);
    right = std::max(right, other.right);
    bottom = std::max(bottom, other.bottom);
}

void QueryPart::add(const QueryPart& other) {
    area += other.area;
    for (const int side : {0, 1}) {
        count[side] += other.count[side];
        box[side].include(other.box[side]);
    }
}

QueryDecisions decide(const std::vector<Query>& kept, const std::vector<QueryPart>& parts,
                      std::int64_t queries, const QueryClasses& classes, const QueryRules& rules) {
    QueryDecisions result;
    result.row.assign(kept.size(), -1);
    std::vector<Decision>& decisions = result.fused.decisions;
    decisions.assign(static_cast<std::size_t>(queries), Decision::score);
    Numbers numbers(rules.numbering);
    std::unordered_map<std::int32_t, std::size_t> joint;  // by category of stuff: its segment
    std::vector<PixelBox> boxes;
    for (std::size_t k = 0; k < kept.size(); ++k) {
        const Query& query = kept[k];
        const QueryPart& part = parts[k];
        Decision& decision = decisions[static_cast<std::size_t>(query.index)];
        const std::int64_t won = part.count[0] + part.count[1];
        const std::int64_t pixels = rules.write_foreground ? part.count[1] : won;
        if (pixels == 0 || part.area == 0) {
            decision = Decision::empty;
            continue;
        }
        if (!keeps_enough(won, part.area, rules)) {
            decision = Decision::overlap;
            continue;
        }
        decision = Decision::kept;
        PixelBox box = part.box[1];
        if (!rules.write_foreground) box.include(part.box[0]);
        const std::int32_t category = classes.categories[static_cast<std::size_t>(query.channel)];
        const bool is_thing = classes.things[static_cast<std::size_t>(query.channel)] != 0;
        std::vector<Segment>& segments = result.fused.segments;
        const auto known = is_thing ? joint.end() : joint.find(category);
        if (known != joint.end()) {
            Segment& segment = segments[known->second];
            segment.area += pixels;
            boxes[known->second].include(box);
            result.row[k] = static_cast<std::int32_t>(known->second);
            numbers.joined(segment.original);
            continue;
        }
        Segment segment;
        segment.category = category;
        segment.is_thing = is_thing;
        segment.score = query.score;
        segment.area = pixels;
        segment.source = query.index;
        segment.original = numbers.next(query.channel, is_thing);
        if (!is_thing) joint.emplace(category, segments.size());
        result.row[k] = static_cast<std::int32_t>(segments.size());
        segments.push_back(segment);
        boxes.push_back(box);
    }
    for (std::size_t row = 0; row < boxes.size(); ++row) {
        std::int32_t* const box = result.fused.segments[row].box;
        box[0] = boxes[row].left;
        box[1] = boxes[row].top;
        box[2] = boxes[row].right - boxes[row].left + 1;
        box[3] = boxes[row].bottom - boxes[row].top + 1;
    }
    return result;
}

}  // namespace panfuse::fusion

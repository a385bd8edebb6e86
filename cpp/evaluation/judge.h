// Which segments of an image count as found, missed and invented.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "evaluation/outcomes.h"
#include "evaluation/protocol.h"
#include "evaluation/segments.h"

namespace panfuse::evaluation {

// Keeps its memory from image to image, so that a thread needs one judge.
class Judge {
  public:
    // `category_ids`: the known ones, ascending. They must outlive the judge.
    Judge(Protocol protocol, std::span<const std::int64_t> category_ids)
        : protocol_(protocol), category_ids_(category_ids) {}

    // Appends to `to`. FormatError, which names image, map and segment, for what the protocol
    // refuses; `to` is then as before.
    void judge(const Image& image, Judgement& to);

  private:
    // A listed segment. Of an id that is listed twice, JSON's readers keep the place of the first
    // and the fields of the last.
    struct Segment {
        std::int64_t id, category_id;
        double area;  // listed
        std::size_t place;
        bool is_crowd;
        bool matched = false;
        std::int64_t pixels = 0;
        std::int64_t in_void = 0,
                     in_crowd = 0;  // of a prediction: pixels where gt is void or crowd
    };
    // The listed segments of one map, by id, and their order in JSON.
    struct Side {
        std::vector<Segment> segments;
        std::vector<std::uint32_t> in_json_order;

        void list(const Listed& listed);
        Segment* find(std::int64_t id);
    };
    // A pair with its segments; none where an id is not listed.
    struct Resolved {
        Segment* gt;
        Segment* pred;
        std::int64_t pixels;
    };

    bool known(std::int64_t category_id) const;
    void check_lists(const Image& image) const;
    void resolve(const Image& image, Judgement& to);
    void check_seen(const Image& image) const;
    void count_crowds();
    double iou_of_match(const Image& image, const Resolved& pair) const;
    void match(const Image& image, Judgement& to);
    void note(const Image& image, Judgement& to) const;

    Protocol protocol_;
    std::span<const std::int64_t> category_ids_;
    Side gt_, pred_;
    std::vector<Resolved> pairs_;
};

}  // namespace panfuse::evaluation

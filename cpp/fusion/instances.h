// Instances laid over a semantic map, best score first (Panoptic FPN and its relatives).
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "fusion/classes.h"
#include "fusion/instance_rules.h"
#include "fusion/mask_source.h"
#include "fusion/overlay.h"
#include "fusion/segments.h"
#include "fusion/semantic.h"
#include "fusion/stuff.h"

namespace panfuse::fusion {

struct Instances {
    const MaskSource* masks = nullptr;
    std::vector<double> scores;            // any number
    std::vector<std::int64_t> categories;  // checked: 0 to 2^31 - 1
    std::vector<bool> things;              // whether the category is one of things
};

// What is left when the things are laid: a map, or masks of categories, or neither.
struct Background {
    const Semantic* map = nullptr;
    std::vector<Class> classes;  // of the map's values
    const MaskSource* masks = nullptr;
    std::vector<std::int32_t> categories;  // of the masks, which are laid in this order
};

class InstanceFusion {
  public:
    // Everything must outlive the object.
    InstanceFusion(const Instances& instances, Background background, ImageSize size,
                   const InstanceRules& rules, int threads);

    // Writes the ids of the pixels, in C order.
    Fused fuse(std::int32_t* ids);

  private:
    // What is laid as one: an instance, or the masks of one category of stuff.
    using Members = std::vector<std::int32_t>;

    // What was laid. The pixels have its place, counted from 1, until the map is finished.
    struct Entry {
        Segment segment;
        Extent extent;
    };

    bool scored(std::int32_t k) const;
    void weigh_scores();
    std::vector<Members> order();
    void lay_all(const std::vector<Members>& order, Overlay& overlay);
    void lay(const Members& members, const BitPlane& mask, Overlay& overlay);
    bool overlaps(const Overlap& found, bool is_thing) const;
    void lay_stuff(Overlay& overlay);
    void add_stuff(const std::vector<ClassPixels>& pixels, std::vector<std::int32_t>& of_class);
    void number(Segment& segment, bool has_pixels);

    const Instances& instances_;
    Background background_;
    ImageSize size_;
    InstanceRules rules_;
    int threads_;
    std::vector<double> scores_;
    std::vector<Decision> decisions_;
    std::vector<Entry> entries_;
    std::int64_t count_ = 0;  // of `number`
    std::unordered_map<std::int64_t, std::int64_t> ranks_;
};

}  // namespace panfuse::fusion

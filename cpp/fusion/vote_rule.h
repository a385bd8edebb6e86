// What one decision of the vote is, shared by every device.
#pragma once

#include <cstdint>

#include "fusion/cells.h"
#include "fusion/classes.h"
#include "support/platform.h"

namespace panfuse::fusion {

// How projects' votes differ. The defaults are the right behaviour; the presets are frozen in
// python/panfuse/_fusion_presets.py.
struct VoteRules {
    // Whether classes of stuff are voted for as well, and whether an instance also takes pixels of
    // its foreground that are of no thing.
    bool all_vote = false, all_painted = true;
    // Whether stuff is also where an instance is that does not take the pixel.
    bool stuff_everywhere = true;
    // Whether stuff must be larger than the area, an area of 0 leaving all of it; otherwise it must
    // be as large.
    bool stuff_above = false;
    std::int64_t stuff_area = 0;
    // Pixels of things without an instance: void; one instance; or a crowd for each class, which
    // `crowd_needs_instances` takes back where there is no pixel of any instance.
    enum class Leftover : std::uint8_t { nothing, instance, crowd } leftover = Leftover::nothing;
    bool crowd_needs_instances = false;
    // How the instances of a class are numbered in the project's map: by index, by first pixel, or
    // not, keeping the number that was given.
    enum class Numbers : std::uint8_t {
        by_index,
        by_first_pixel,
        given
    } numbers = Numbers::by_index;
    // Values of the project's map: class * divisor + number, or number * divisor + class.
    bool number_first = false;
    std::int64_t divisor = 1000;
};

// Whether a pixel goes to its instance, if that finds a class.
PF_HD inline bool is_painted(Key key, Class::Kind kind, const VoteRules& rules) {
    const bool has_owner = owner_of(key) > 0 || rules.leftover == VoteRules::Leftover::instance;
    return has_owner && is_foreground(key) && kind != Class::Kind::nothing &&
           (rules.all_painted || kind == Class::Kind::thing);
}

// Whether a painted pixel's class counts.
PF_HD inline bool has_vote(Class::Kind kind, const VoteRules& rules) {
    return rules.all_vote || kind == Class::Kind::thing;
}

// Whether a pixel that no instance takes is of its class's stuff.
PF_HD inline bool is_stuff(Key key, Class::Kind kind, const VoteRules& rules) {
    return kind == Class::Kind::stuff && (rules.stuff_everywhere || owner_of(key) == 0);
}

PF_HD inline bool is_large(std::int64_t area, const VoteRules& rules) {
    return rules.stuff_above ? rules.stuff_area == 0 || area > rules.stuff_area
                             : area >= rules.stuff_area;
}

// A class that wants to be an instance's: more votes, or else the smaller category.
struct Candidate {
    std::uint64_t votes;
    std::int32_t category;
};

PF_HD inline bool wins(const Candidate& a, const Candidate& b) {
    return a.votes > b.votes || (a.votes == b.votes && a.category < b.category);
}

PF_HD inline std::int64_t original_value(std::int64_t label, std::int64_t number,
                                         const VoteRules& rules) {
    return rules.number_first ? number * rules.divisor + label : label * rules.divisor + number;
}

}  // namespace panfuse::fusion

// What the values of a semantic map, or the channels of logits, mean.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

namespace panfuse::fusion {

struct Class {
    enum class Kind : std::uint8_t { nothing, stuff, thing };

    std::int32_t category = 0;
    Kind kind = Kind::nothing;
};

struct ClassRules {
    std::vector<std::int64_t> things;   // category ids, ascending
    std::vector<std::int64_t> ignored;  // values, ascending
    // The category of each value; where there is none, each is its own.
    std::optional<std::unordered_map<std::int64_t, std::int64_t>> categories;
};

// The class of each value of a map. std::invalid_argument names the first value that is not ignored
// and has no category, or one that is no int32 of 0 or more.
std::vector<Class> classes_of(const std::vector<std::int64_t>& values, const ClassRules& rules);

}  // namespace panfuse::fusion

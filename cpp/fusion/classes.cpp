#include "fusion/classes.h"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <string>

namespace panfuse::fusion {
namespace {

bool holds(const std::vector<std::int64_t>& ascending, std::int64_t value) {
    return std::binary_search(ascending.begin(), ascending.end(), value);
}

Class class_of(std::int64_t value, const ClassRules& rules) {
    if (holds(rules.ignored, value)) return {};
    std::int64_t category = value;
    if (rules.categories) {
        const auto found = rules.categories->find(value);
        if (found == rules.categories->end())
            throw std::invalid_argument(
                "semantic: expected values of semantic_categories or of "
                "ignore, got " +
                std::to_string(value));
        category = found->second;
    }
    if (category < 0 || category > std::numeric_limits<std::int32_t>::max())
        throw std::invalid_argument(
            "semantic: expected category ids of 0 to 2**31 - 1 or values to ignore, got " +
            std::to_string(category));
    return {static_cast<std::int32_t>(category),
            holds(rules.things, category) ? Class::Kind::thing : Class::Kind::stuff};
}

}  // namespace

std::vector<Class> classes_of(const std::vector<std::int64_t>& values, const ClassRules& rules) {
    std::vector<Class> classes;
    classes.reserve(values.size());
    for (const std::int64_t value : values) classes.push_back(class_of(value, rules));
    return classes;
}

}  // namespace panfuse::fusion

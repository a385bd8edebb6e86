// What python/panfuse/_fusion_arguments.py says about classes, for the core.
#pragma once

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "fusion/classes.h"

namespace panfuse::bindings {

// (things, ignored, None or a dict of categories by value).
inline fusion::ClassRules class_rules(const pybind11::tuple& rules) {
    fusion::ClassRules out;
    out.things = rules[0].cast<std::vector<std::int64_t>>();
    out.ignored = rules[1].cast<std::vector<std::int64_t>>();
    out.categories = rules[2].cast<decltype(out.categories)>();
    std::sort(out.things.begin(), out.things.end());
    std::sort(out.ignored.begin(), out.ignored.end());
    return out;
}

}  // namespace panfuse::bindings

// Runs of a row with their labels, and the faces that pixels of different labels share.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "labeling/rule.h"

namespace panfuse::labeling {

struct Run {
    std::uint32_t begin, end, label;
};

using Runs = std::vector<Run>;  // of one row, ascending

// Calls visit(label, other label, faces) for runs of two rows that lie beside each other.
template <class Visit>
void faces_between(const Runs& row, const Runs& other, Visit&& visit) {
    auto b = other.begin();
    for (const Run& a : row) {
        while (b != other.end() && b->end <= a.begin) ++b;
        for (auto at = b; at != other.end() && at->begin < a.end; ++at)
            visit(a.label, at->label, std::min(a.end, at->end) - std::max(a.begin, at->begin));
    }
}

// The same for neighbours within two lists of one row's runs, in both orders.
template <class Visit>
void faces_beside(const Runs& row, const Runs& other, Visit&& visit) {
    auto b = other.begin();
    for (const Run& a : row) {
        while (b != other.end() && b->end < a.begin) ++b;
        if (b != other.end() && b->end == a.begin) visit(a.label, b->label, 1u);
        auto next = b;
        while (next != other.end() && next->begin < a.end) ++next;
        if (next != other.end() && next->begin == a.end) visit(a.label, next->label, 1u);
    }
}

// Calls visit(a's label, b's label, faces) for all faces that pixels of `a_rows` share with pixels
// of `b_rows`, where these are functions that fill in the runs of a row.
template <class ARows, class BRows, class Visit>
void for_faces(const Shape& shape, ARows&& a_rows, BRows&& b_rows, Visit&& visit) {
    Runs a, b, a_other, b_other;
    for (std::int64_t row = 0; row < shape.rows(); ++row) {
        a_rows(row, a);
        b_rows(row, b);
        faces_beside(a, b, visit);
        const auto with = [&](std::int64_t other) {
            a_rows(other, a_other);
            b_rows(other, b_other);
            faces_between(a, b_other, visit);
            faces_between(a_other, b, visit);
        };
        if (row % shape.height > 0) with(row - 1);
        if (row >= shape.height) with(row - shape.height);
    }
}

}  // namespace panfuse::labeling

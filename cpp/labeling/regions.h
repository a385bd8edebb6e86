// The connected components of one image.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "labeling/faces.h"
#include "labeling/rule.h"
#include "labeling/source.h"
#include "labeling/strip.h"
#include "support/uninitialized.h"

namespace panfuse::labeling {

class Regions {
  public:
    using MakeSource = std::function<std::unique_ptr<Source>()>;

    // `strips` is how many parts the image is labelled in; what comes out does not depend on it.
    // Each gets a source of its own, of an image of that shape.
    Regions(const MakeSource& make_source, const Shape& shape, int steps, bool statistics,
            std::int64_t strips);

    // Each strip must be swept once, in any order and on any thread, before `resolve`.
    std::size_t strips() const { return strips_.size(); }
    void sweep(std::size_t strip) { strips_[strip].sweep(); }

    // Joins the strips and numbers the components 1..count() in the order of their first pixels.
    void resolve();

    std::uint32_t count() const { return count_; }

    // What is summed up over the component `label`, if statistics were asked for.
    const Sums& sums(std::uint32_t label) const { return sums_[label - 1]; }

    // Label n becomes labels[n]; labels[0] is 0. `sums` are those of the new labels.
    void relabel(const std::vector<std::uint32_t>& labels, UninitializedVector<Sums> sums);

    // Gives background pixels of a row to a component; rows and runs ascend from call to call.
    void paint(std::int64_t row, const Run& run);
    void add_to(std::uint32_t label, const Sums& sums) { add(sums_[label - 1], sums); }

    // The runs of a row with their labels, what was painted included and what was removed not.
    void runs(std::int64_t row, Runs& runs) const;

    // Writes the labels of a strip's rows, each `label_bytes` wide, into an image in C order.
    void fill(std::size_t strip, std::size_t label_bytes, void* image) const;

    const Shape& shape() const { return shape_; }
    BitRow bits(std::int64_t row) const { return strip_of(row).bits(row); }

  private:
    struct Painted {
        std::int64_t row;
        Run run;
    };

    std::span<const Painted> painted(std::int64_t row) const;
    const Strip& strip_of(std::int64_t row) const {
        return strips_[static_cast<std::size_t>(row / rows_per_strip_)];
    }
    std::size_t number(const Strip& strip) const {
        return static_cast<std::size_t>(&strip - strips_.data());
    }
    std::vector<std::uint32_t> joined_parents();
    void add_up();

    Shape shape_;
    std::int64_t rows_per_strip_ = 1;
    bool statistics_;
    std::vector<Strip> strips_;
    std::vector<std::size_t> first_label_;  // of each strip among all strips' labels
    // The component, or 0, of each label of the strips.
    UninitializedVector<std::uint32_t> labels_;
    std::uint32_t count_ = 0;
    UninitializedVector<Sums> sums_;
    std::vector<Painted> painted_;  // ascending
};

}  // namespace panfuse::labeling

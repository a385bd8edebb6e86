#include "fusion/vote.h"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

namespace panfuse::fusion {
namespace {

// An instance as its cells tell it.
struct Instance {
    std::map<std::int32_t, std::uint64_t> votes;  // by category
    std::vector<std::size_t> cells;               // that it takes, if it finds a class
    std::int64_t first = std::numeric_limits<std::int64_t>::max();
    std::int32_t category = -1;
    std::int32_t id = 0;
};

// Stuff or a crowd.
struct Rest {
    std::vector<std::size_t> cells;
    bool is_crowd = false;
};

class Count {
  public:
    Count(CellTable& table, const Election& election)
        : cells_(table.cells()), election_(election), rules_(election.rules) {
        for (std::size_t code = 0; code < election.classes.size(); ++code)
            if (election.classes[code].kind != Class::Kind::nothing)
                labels_.try_emplace(election.classes[code].category, election.labels[code]);
    }

    Fused result() {
        instances_.resize(election_.numbers.size() + 1);
        for (std::size_t i = 0; i < cells_.size(); ++i) {
            cells_[i].id = 0;
            if (is_painted(cells_[i].key, kind(i), rules_)) enter(i);
        }
        for (std::size_t owner = 0; owner < instances_.size(); ++owner)
            elect(owner, instances_[owner]);
        add_instances();
        add_rest();
        return std::move(fused_);
    }

  private:
    const Class& class_at(std::size_t cell) const {
        return election_.classes[class_of(cells_[cell].key)];
    }
    Class::Kind kind(std::size_t cell) const { return class_at(cell).kind; }

    void enter(std::size_t i) {
        const Cell& cell = cells_[i];
        Instance& instance = instances_[owner_of(cell.key)];
        instance.cells.push_back(i);
        instance.first = std::min(instance.first, cell.first);
        if (!has_vote(kind(i), rules_) || !election_.sums.empty()) return;
        instance.votes[class_at(i).category] +=
            election_.weighted ? cell.weight : static_cast<std::uint64_t>(cell.area);
    }

    void elect(std::size_t owner, Instance& instance) {
        if (instance.cells.empty()) return;
        for (std::size_t code = 0; !election_.sums.empty() && code < election_.classes.size();
             ++code)
            if (election_.classes[code].kind != Class::Kind::nothing &&
                has_vote(election_.classes[code].kind, rules_))
                instance.votes[election_.classes[code].category] +=
                    election_.sums[owner * election_.classes.size() + code];
        Candidate best{0, -1};
        for (const auto& [category, votes] : instance.votes) {
            const Candidate candidate{votes, category};
            if (best.category < 0 || wins(candidate, best)) best = candidate;
        }
        instance.category = best.category;
    }

    // Things of the project's map, in the order in which it numbers them.
    std::vector<std::size_t> numbering() const {
        std::vector<std::size_t> order;
        for (std::size_t owner = 0; owner < instances_.size(); ++owner)
            if (instances_[owner].category >= 0) order.push_back(owner);
        if (rules_.numbers == VoteRules::Numbers::by_first_pixel)
            std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
                return instances_[a].first < instances_[b].first;
            });
        return order;
    }

    void add_instances() {
        for (std::size_t owner = 0; owner < instances_.size(); ++owner) {
            Instance& instance = instances_[owner];
            if (owner > 0)
                fused_.decisions.push_back(instance.cells.empty()  ? Decision::empty
                                           : instance.category < 0 ? Decision::category
                                                                   : Decision::kept);
            if (instance.category < 0) continue;
            Segment segment;
            segment.category = instance.category;
            segment.is_thing = is_thing(instance.category);
            segment.source = static_cast<std::int32_t>(owner) - 1;
            segment.score = score(owner, instance);
            instance.id = add(segment, instance.cells);
        }
        std::map<std::int32_t, std::int64_t> count;
        for (const std::size_t owner : numbering()) {
            const Instance& instance = instances_[owner];
            std::int64_t number = ++count[instance.category];
            if (rules_.numbers == VoteRules::Numbers::given)
                number = owner == 0 ? 0 : election_.numbers[owner - 1];
            fused_.segments[static_cast<std::size_t>(instance.id - 1)].original =
                original_value(labels_.at(instance.category), number, rules_);
        }
    }

    void add_rest() {
        const bool any = std::any_of(instances_.begin() + 1, instances_.end(),
                                     [](const Instance& one) { return !one.cells.empty(); });
        std::map<std::int32_t, Rest> rest;
        for (std::size_t i = 0; i < cells_.size(); ++i) {
            if (cells_[i].id != 0) continue;
            const bool left =
                kind(i) == Class::Kind::thing && rules_.leftover == VoteRules::Leftover::crowd;
            const bool taken_back =
                is_foreground(cells_[i].key) && !any && rules_.crowd_needs_instances;
            const bool is_crowd = left && !taken_back;
            if (!is_crowd && !is_stuff(cells_[i].key, kind(i), rules_)) continue;
            Rest& one = rest[class_at(i).category];
            one.cells.push_back(i);
            one.is_crowd = is_crowd;
        }
        for (const auto& [category, one] : rest) {
            std::int64_t area = 0;
            for (const std::size_t i : one.cells) area += cells_[i].area;
            if (!one.is_crowd && !is_large(area, rules_)) continue;
            Segment segment;
            segment.category = category;
            segment.is_thing = segment.is_crowd = one.is_crowd;
            segment.original = original_value(labels_.at(category), 0, rules_);
            add(segment, one.cells);
        }
    }

    std::int32_t add(Segment& segment, const std::vector<std::size_t>& cells) {
        Cell all = cells_[cells.front()];
        const auto id = static_cast<std::int32_t>(fused_.segments.size() + 1);
        for (const std::size_t i : cells) {
            if (i != cells.front()) all.add(cells_[i]);
            cells_[i].id = id;
        }
        segment.area = all.area;
        for (int axis = 0; axis < election_.rank; ++axis) {
            segment.box[axis] = static_cast<std::int32_t>(all.begin[axis]);
            segment.box[election_.rank + axis] =
                static_cast<std::int32_t>(all.end[axis] - all.begin[axis]);
        }
        fused_.segments.push_back(segment);
        return id;
    }

    float score(std::size_t owner, const Instance& instance) const {
        if (!election_.scores.empty())
            return owner == 0 ? std::numeric_limits<float>::quiet_NaN()
                              : election_.scores[owner - 1];
        std::uint64_t all = 0;
        for (const auto& [category, votes] : instance.votes) all += votes;
        return static_cast<float>(static_cast<double>(instance.votes.at(instance.category)) /
                                  static_cast<double>(std::max<std::uint64_t>(all, 1)));
    }

    bool is_thing(std::int32_t category) const {
        return std::any_of(election_.classes.begin(), election_.classes.end(),
                           [&](const Class& one) {
                               return one.category == category && one.kind == Class::Kind::thing;
                           });
    }

    std::vector<Cell>& cells_;
    const Election& election_;
    const VoteRules& rules_;
    std::map<std::int32_t, std::int64_t> labels_;  // the first label of each category
    std::vector<Instance> instances_;              // by owner
    Fused fused_;
};

}  // namespace

Fused decide(CellTable& table, const Election& election) {
    // The order of the cells depends on the threads; what is decided does not.
    return Count(table, election).result();
}

}  // namespace panfuse::fusion

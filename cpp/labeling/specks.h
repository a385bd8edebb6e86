// The components of what is left of a mask, as a list of runs: made for a few small ones, which
// are then painted over.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "labeling/bit_plane.h"

namespace panfuse::labeling {

struct SpeckRun {
    std::int64_t y;
    std::uint32_t begin, end;
};

struct Speck {
    std::int64_t area = 0;
    bool touches_border = false;
};

class Specks {
  public:
    // Finds the components of those rows of a mask, which ascend, connected by `steps`.
    void find(const BitPlane& mask, std::span<const std::int64_t> rows, int steps);

    // Calls visit(speck, its first run, run) for all runs, in the order of their first pixels.
    template <class Visit>
    void visit(Visit&& visit) const {
        for (std::size_t i = 0; i < runs_.size(); ++i)
            visit(specks_[parents_[i]], runs_[parents_[i]], runs_[i]);
    }

  private:
    void join(std::size_t above, std::size_t begin, std::uint32_t reach);

    std::vector<SpeckRun> runs_;
    std::vector<std::uint32_t> parents_;  // by run
    std::vector<Speck> specks_;           // by first run
};

}  // namespace panfuse::labeling

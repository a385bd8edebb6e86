// What is large, found without labelling it: where only small components matter, nearly all of a
// mask need not be labelled.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "labeling/bit_plane.h"

namespace panfuse::labeling {

class Sieve {
  public:
    // Clears components of a mask, connected by `steps`: only such as have more than `most` pixels
    // or, if `border`, touch the border of the mask, but not all of these. Returns the rows in
    // which pixels may be left, ascending, until the next call; the bits of others mean nothing.
    std::span<const std::int64_t> clear_large(BitPlane& mask, int steps, std::int64_t most,
                                              bool border);

  private:
    void find_large(const BitPlane& mask, bool diagonal, std::int64_t most, bool border);
    bool spread(const BitPlane& mask, bool diagonal, bool down);

    BitPlane large_;
    std::vector<std::int64_t> left_;  // rows that are not all large, ascending
};

}  // namespace panfuse::labeling

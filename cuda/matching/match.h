// The PQ match of a contingency table on a device: the twin of the core's class.
#pragma once

#include <memory>

#include "cuda/support/call.h"
#include "matching/columns.h"

namespace panfuse::cuda {

class Match {
  public:
    // The table and `call` are used until `write` has been enqueued.
    Match(const matching::ContingencyTable& table, const matching::MatchOptions& options,
          const Call& call);
    ~Match();
    Match(const Match&) = delete;
    Match& operator=(const Match&) = delete;

    // Waits for the stream once. std::invalid_argument if the table is not one that a Contingency
    // could have written.
    matching::MatchSize count();

    // Enqueues on the stream. After `count`.
    void write(const matching::MatchColumns& columns) const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace panfuse::cuda

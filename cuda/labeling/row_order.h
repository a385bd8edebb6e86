// Rows put into some order by stable sorts, the last key first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "cuda/support/call.h"
#include "cuda/support/ids.cuh"
#include "cuda/support/primitives.cuh"
#include "cuda/support/workspace.h"

namespace panfuse::cuda {

class RowOrder {
  public:
    RowOrder(std::uint32_t count, const Call& call) : count_(count) {
        temporary_bytes_ = stable_sort_pairs_bytes(count);
        Workspace workspace;
        const auto keys = workspace.reserve<Word>(count);
        const auto rows = workspace.reserve<std::uint32_t>(count);
        const auto sorted_keys = workspace.reserve<Word>(count);
        const auto sorted_rows = workspace.reserve<std::uint32_t>(count);
        const auto temporary = workspace.reserve<std::byte>(temporary_bytes_);
        workspace.allocate(call);
        keys_ = workspace.at(keys);
        rows_ = workspace.at(rows);
        sorted_keys_ = workspace.at(sorted_keys);
        sorted_rows_ = workspace.at(sorted_rows);
        temporary_ = workspace.at(temporary);
    }

    std::uint32_t count() const { return count_; }

    // To be set before a sort: keys for the rows as they stand.
    Word* keys() const { return keys_; }
    std::uint32_t* rows() const { return rows_; }

    // By the low `bits` bits of the keys, ascending.
    void sort(int bits, const Call& call) {
        stable_sort_pairs({keys_, rows_, sorted_keys_, sorted_rows_, count_}, bits, temporary_,
                          temporary_bytes_, call.stream);
        std::swap(keys_, sorted_keys_);
        std::swap(rows_, sorted_rows_);
    }

  private:
    std::uint32_t count_;
    Word *keys_, *sorted_keys_;
    std::uint32_t *rows_, *sorted_rows_;
    std::byte* temporary_;
    std::size_t temporary_bytes_;
};

}  // namespace panfuse::cuda

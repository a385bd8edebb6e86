// The runs of equal elements of a row.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "runs/scanner.h"

namespace panfuse::fusion {

// One thread's scratch for rows of up to `width` elements.
class RowRuns {
  public:
    explicit RowRuns(std::size_t width) : changes_(runs::words(width)) {}

    // Calls body(begin, end) for every stretch of equal elements of a row of T.
    template <class T, class Body>
    void each(const T* row, std::size_t n, Body&& body) {
        find(row, n);
        each_found(n, body);
    }

    // Whether stretches are so short that it is faster to take elements one by one. If not,
    // `each_found` goes through them.
    template <class T>
    bool are_short(const T* row, std::size_t n) {
        find(row, n);
        std::size_t changes = 0;
        for (std::size_t word = 0; word < runs::words(n); ++word)
            changes += static_cast<std::size_t>(std::popcount(changes_[word]));
        return changes * 8 > n;
    }

    template <class Body>
    void each_found(std::size_t n, Body&& body) const {
        if (n == 0) return;
        std::size_t begin = 0;
        for (std::size_t word = 0; word < runs::words(n); ++word)
            for (std::uint64_t left = changes_[word]; left != 0; left &= left - 1) {
                const std::size_t end =
                    64 * word + static_cast<std::size_t>(std::countr_zero(left));
                body(begin, end);
                begin = end;
            }
        body(begin, n);
    }

  private:
    template <class T>
    void find(const T* row, std::size_t n) {
        if (n == 0) return;
        runs::scanner().changes[runs::width_index(sizeof(T))](row, n, changes_.data());
        changes_[0] &= ~std::uint64_t{1};  // the first run starts anyway
    }

    std::vector<std::uint64_t> changes_;
};

}  // namespace panfuse::fusion

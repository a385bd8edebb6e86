// Tables of fused maps on the caller's device: made for a call, and read when somebody asks.
#pragma once

#include <pybind11/pybind11.h>

#include <cstdint>

#include "bindings/array.h"
#include "fusion/fused_table.h"

namespace panfuse::bindings {

// Tables of a batch, one after the other. Their memory is not cleared.
class FusedTables {
  public:
    FusedTables(const Caller& caller, std::int64_t items, const fusion::TableLayout& layout)
        : layout_(layout), column_(caller.column(items * layout.bytes(), uint8)) {}

    const fusion::TableLayout& layout() const { return layout_; }
    void* data() const { return column_.data; }

    // What python/panfuse/_fusion_table.py takes: bytes, capacity, instances, rank.
    py::tuple handle() const {
        return py::make_tuple(column_.array, layout_.capacity, layout_.decided, layout_.rank);
    }

  private:
    fusion::TableLayout layout_;
    Column column_;
};

// Module function `read_table`, which waits for the stream.
void bind_fused_tables(py::module_& m);

}  // namespace panfuse::bindings

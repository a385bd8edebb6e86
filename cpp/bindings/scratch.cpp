// Scratch memory of a call: the caller's library's, or what the caller lends.
#include <stdexcept>
#include <string>

#include "bindings/array.h"
#include "support/error.h"

namespace panfuse::bindings {

void* Caller::scratch(std::size_t bytes) {
    constexpr std::size_t alignment = 256;
    if (lent_) {
        const auto start = reinterpret_cast<std::uintptr_t>(lent_->view.data);
        const std::uintptr_t from = (start + lent_used_ + alignment - 1) / alignment * alignment;
        lent_used_ = from - start + bytes;
        if (lent_used_ > static_cast<std::size_t>(lent_->view.shape[0]))
            throw std::invalid_argument("workspace: expected " + std::to_string(lent_used_) +
                                        " bytes or more, got " +
                                        std::to_string(lent_->view.shape[0]));
        return reinterpret_cast<void*>(from);
    }
    scratch_.push_back(column(static_cast<std::int64_t>(bytes + alignment), Dtype{}));
    const auto address = reinterpret_cast<std::uintptr_t>(scratch_.back().data);
    return reinterpret_cast<void*>((address + alignment - 1) / alignment * alignment);
}

void Caller::lend(const py::object& workspace) {
    if (workspace.is_none()) return;
    ArrayView column;
    column.rank = 1;
    column.shape[0] = static_cast<std::int64_t>(py::len(workspace));
    lent_ = take_output(workspace, "workspace", column);
    if (lent_->view.dtype != uint8)
        throw TypeError("workspace: expected uint8, got " + dtype_name(lent_->view.dtype));
}

}  // namespace panfuse::bindings

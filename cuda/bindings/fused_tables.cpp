#include "cuda/bindings/fused_tables.h"

#include <cuda_runtime.h>

#include <stdexcept>
#include <utility>
#include <vector>

#include "bindings/fused_columns.h"
#include "cuda/bindings/cuda_device.h"

namespace panfuse::bindings {
namespace {

// The columns of fused_columns.h. `table` holds one table, or the device's copy of one.
py::tuple read_table(const py::object& table, std::int64_t capacity, std::int64_t decided, int rank,
                     py::object library) {
    Caller caller(std::move(library));
    CudaDevice::check(caller.place());
    const Array bytes = caller.take_column(table, "table");
    const fusion::TableLayout layout{capacity, decided, rank};
    if (bytes.view.dtype != uint8 || capacity < 0 || decided < 0 || rank < 1 ||
        rank > fusion::most_axes || bytes.view.shape[0] < layout.bytes())
        throw std::invalid_argument("table: expected the bytes of a fused table");
    std::vector<std::uint64_t> host(static_cast<std::size_t>(layout.bytes()) / 8);
    {
        py::gil_scoped_release release;
        const cuda::DeviceGuard guard(caller.place().id);
        const auto stream = reinterpret_cast<cudaStream_t>(caller.stream());
        PF_CUDA(cudaMemcpyAsync(host.data(), bytes.view.data, host.size() * 8,
                                cudaMemcpyDeviceToHost, stream));
        PF_CUDA(cudaStreamSynchronize(stream));
    }
    return fused_columns(fusion::read_table(layout, host.data()), rank);
}

}  // namespace

void bind_fused_tables(py::module_& m) {
    m.def("read_table", &read_table, py::arg("table"), py::arg("capacity"), py::arg("decided"),
          py::arg("rank"), py::arg("library"));
}

}  // namespace panfuse::bindings

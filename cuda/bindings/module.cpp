#include <cuda_runtime.h>
#include <pybind11/pybind11.h>

#include <string>

#include "bindings/bind_labeling.h"
#include "bindings/bind_matching.h"
#include "bindings/bind_rle.h"
#include "bindings/errors.h"
#include "cuda/bindings/cuda_device.h"
#include "cuda/bindings/fused_tables.h"
#include "cuda/support/check.h"

#ifdef PANFUSE_EMULATED
#include "cuda/emulated/emulator.h"
#endif

namespace {

namespace py = pybind11;

#ifdef PANFUSE_EMULATED
std::string why_not() { return ""; }

std::string description() { return "the CUDA kernels as C++, on the CPU"; }
#else
std::string version_text(int version) {
    return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

// Empty where the kernels can run.
std::string why_not() {
    int devices = 0;
    const cudaError_t error = cudaGetDeviceCount(&devices);
    if (error == cudaSuccess && devices > 0) return "";
    static_cast<void>(cudaGetLastError());
    int driver = 0, runtime = 0;
    static_cast<void>(cudaDriverGetVersion(&driver));
    static_cast<void>(cudaRuntimeGetVersion(&runtime));
    if (driver == 0) return "there is no NVIDIA driver";
    if (error == cudaErrorInsufficientDriver)
        return "the NVIDIA driver is for CUDA " + version_text(driver) +
               ", and panfuse was built with " + version_text(runtime);
    if (error == cudaSuccess) return "there is no CUDA device";
    return std::string(cudaGetErrorName(error)) + ": " + cudaGetErrorString(error);
}

std::string description() {
    int devices = 0, runtime = 0;
    PF_CUDA(cudaGetDeviceCount(&devices));
    PF_CUDA(cudaRuntimeGetVersion(&runtime));
    return std::to_string(devices) + " device(s); built with CUDA " + version_text(runtime) +
           " for architectures " + PANFUSE_CUDA_ARCHITECTURES;
}
#endif

}  // namespace

PYBIND11_MODULE(PANFUSE_MODULE_NAME, m, py::mod_gil_not_used()) {
    m.doc() = "panfuse's kernels for CUDA; the public functions stand in front of them.";
    panfuse::bindings::register_errors();
    panfuse::bindings::bind_labeling<panfuse::bindings::CudaDevice>(m);
    panfuse::bindings::bind_matching<panfuse::bindings::CudaDevice>(m);
    panfuse::bindings::bind_encode_ids<panfuse::bindings::CudaDevice>(m);
    panfuse::bindings::bind_fused_tables(m);
    m.def("why_not", &why_not);
    m.def("description", &description);
#ifdef PANFUSE_EMULATED
    m.def("launch_count", &panfuse::emulator::launch_count);
    m.def("synchronize_count", &panfuse::emulator::synchronize_count);
    m.def("set_seed", &panfuse::emulator::set_seed, py::arg("seed"));
#endif
}

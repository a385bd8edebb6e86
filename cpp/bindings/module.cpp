#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "bindings/bind_evaluation.h"
#include "bindings/bind_fusion.h"
#include "bindings/bind_fusion_instances.h"
#include "bindings/bind_fusion_queries.h"
#include "bindings/bind_labeling.h"
#include "bindings/bind_matching.h"
#include "bindings/bind_png.h"
#include "bindings/bind_rle.h"
#include "bindings/bind_rle_parts.h"
#include "bindings/bind_runs.h"
#include "bindings/cpu_device.h"
#include "bindings/errors.h"
#include "support/isa.h"

namespace {

namespace py = pybind11;
namespace isa = panfuse::isa;

std::vector<std::string> isa_available() {
    std::vector<std::string> names;
    for (const isa::Level level : isa::available()) names.emplace_back(isa::name(level));
    return names;
}

std::string isa_current() { return std::string(isa::name(isa::current())); }

void isa_use(const std::string& name) { isa::use(isa::parse(name)); }

// PANFUSE_BACKEND, asked for at every call; os.environ would take a microsecond.
std::string forced_backend() {
    const char* name = std::getenv("PANFUSE_BACKEND");
    return name == nullptr ? "" : name;
}

}  // namespace

PYBIND11_MODULE(_cpu, m, py::mod_gil_not_used()) {
    m.doc() = "panfuse's kernels for the CPU; the public functions stand in front of them.";
    panfuse::bindings::register_errors();
    panfuse::bindings::bind_labeling<panfuse::bindings::CpuDevice>(m);
    panfuse::bindings::bind_matching<panfuse::bindings::CpuDevice>(m);
    panfuse::bindings::bind_evaluation(m);
    panfuse::bindings::bind_fusion(m);
    panfuse::bindings::bind_fusion_instances(m);
    panfuse::bindings::bind_fusion_queries(m);
    panfuse::bindings::bind_png(m);
    auto rle = panfuse::bindings::bind_encode_ids<panfuse::bindings::CpuDevice>(m);
    panfuse::bindings::bind_rle(rle);
    panfuse::bindings::bind_rle_exchange(rle);
    panfuse::bindings::bind_rle_polygons(rle);
    panfuse::bindings::bind_rle_shapes(rle);
    panfuse::bindings::bind_runs(m);
    m.def("isa_available", &isa_available);
    m.def("isa_current", &isa_current);
    m.def("isa_use", &isa_use, py::arg("name"));
    m.def("forced_backend", &forced_backend);
    m.attr("version") = PANFUSE_VERSION;
    m.attr("compiler") = PANFUSE_COMPILER;
}

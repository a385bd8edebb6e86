#include "cuda/labeling/label.h"

namespace panfuse::cuda {

Label::Label(const ArrayView& images, const labeling::LabelOptions& options, const Call& call)
    : pictures_(pictures_of(images, options)), steps_(options.steps), call_(call) {}

std::vector<std::int64_t> Label::count() {
    if (pictures_.empty())
        return std::vector<std::int64_t>(static_cast<std::size_t>(pictures_.items), 0);
    const DeviceGuard guard(call_.device);
    forest_ = new_forest(pictures_, call_);
    connect(pictures_, steps_, forest_, call_);
    return number_roots(forest_, call_).counts;
}

void Label::write(void* labels, std::size_t label_bytes) const {
    if (pictures_.empty()) return;
    const DeviceGuard guard(call_.device);
    write_labels(forest_, labels, label_bytes, call_);
}

}  // namespace panfuse::cuda

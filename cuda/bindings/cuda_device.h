// CpuDevice's twin: the ops over CUDA, on the caller's device, stream and memory.
#pragma once

#include <optional>
#include <stdexcept>
#include <vector>

#include "bindings/array.h"
#include "cuda/labeling/components.h"
#include "cuda/labeling/label.h"
#include "cuda/labeling/masks.h"
#include "cuda/labeling/split.h"
#include "cuda/matching/contingency.h"
#include "cuda/matching/match.h"
#include "cuda/rle/ids.h"
#include "cuda/support/call.h"
#include "cuda/support/check.h"

namespace panfuse::bindings {

struct CudaDevice {
    static void check(Place place) {
        const bool device = place.kind == Place::cuda || place.kind == Place::cuda_managed;
#ifdef PANFUSE_EMULATED
        if (device || place.kind == Place::cpu) return;
#else
        if (device) return;
#endif
        throw std::invalid_argument("expected arrays on a CUDA device, got arrays on " +
                                    place.text());
    }

    // Before the call's scratch and the inputs go back to a library that does not know of the work.
    static void finish(const Caller& caller) {
        if (!caller.must_wait()) return;
        const cuda::DeviceGuard guard(caller.place().id);
        PF_CUDA(cudaStreamSynchronize(reinterpret_cast<cudaStream_t>(caller.stream())));
    }

    static cuda::Contingency contingency(const ArrayView& gt, const ArrayView& pred,
                                         const matching::ContingencyOptions& options,
                                         std::optional<int>, Caller& caller) {
        return cuda::Contingency(gt, pred, options, call(caller));
    }

    static cuda::Match match(const matching::ContingencyTable& table,
                             const matching::MatchOptions& options, Caller& caller) {
        return cuda::Match(table, options, call(caller));
    }

    static cuda::Label label(const ArrayView& images, const labeling::LabelOptions& options,
                             std::optional<int>, Caller& caller) {
        return cuda::Label(images, options, call(caller));
    }

    static cuda::Components components(const ArrayView& images,
                                       const labeling::LabelOptions& options,
                                       const labeling::Filters& filters, std::optional<int>,
                                       Caller& caller) {
        return cuda::Components(images, options, filters, call(caller));
    }

    static cuda::Split split(const ArrayView& semantic, const labeling::SplitOptions& options,
                             std::optional<int>, Caller& caller) {
        return cuda::Split(semantic, options, call(caller));
    }

    static cuda::Masks clean_masks(const ArrayView& masks, const labeling::MaskOptions& options,
                                   std::optional<int>, Caller& caller) {
        return cuda::Masks(masks, options, call(caller));
    }

    static std::vector<rle::Segments> encode_ids(const ArrayView& ids,
                                                 const rle::IdOptions& options, std::optional<int>,
                                                 Caller& caller) {
        return cuda::encode_ids(ids, options, call(caller));
    }

  private:
    static cuda::Call call(Caller& caller) {
        return {caller.place().id, reinterpret_cast<cudaStream_t>(caller.stream()),
                [&caller](std::size_t bytes) {
                    py::gil_scoped_acquire gil;
                    return caller.scratch(bytes);
                }};
    }
};

}  // namespace panfuse::bindings

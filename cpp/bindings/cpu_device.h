// What a device offers to the bindings: one static function an op, which makes the op's object,
// `check`, which refuses arrays that lie elsewhere, and `finish`, which waits for the work at the
// end of a call whose caller must. CudaDevice is its twin.
#pragma once

#include <optional>
#include <stdexcept>
#include <vector>

#include "bindings/array.h"
#include "labeling/components.h"
#include "labeling/label.h"
#include "labeling/masks.h"
#include "labeling/split.h"
#include "matching/contingency.h"
#include "matching/match.h"
#include "rle/ids.h"

namespace panfuse::bindings {

struct CpuDevice {
    static void check(Place place) {
        if (place.kind != Place::cpu && place.kind != Place::cuda_host)
            throw std::invalid_argument("expected arrays on the CPU, got arrays on " +
                                        place.text());
    }

    static void finish(const Caller&) {}

    static matching::Contingency contingency(const ArrayView& gt, const ArrayView& pred,
                                             const matching::ContingencyOptions& options,
                                             std::optional<int> threads, Caller&) {
        return {gt, pred, options, threads};
    }

    static labeling::Label label(const ArrayView& images, const labeling::LabelOptions& options,
                                 std::optional<int> threads, Caller&) {
        return {images, options, threads};
    }

    static labeling::Components components(const ArrayView& images,
                                           const labeling::LabelOptions& options,
                                           const labeling::Filters& filters,
                                           std::optional<int> threads, Caller&) {
        return {images, options, filters, threads};
    }

    static labeling::Split split(const ArrayView& semantic, const labeling::SplitOptions& options,
                                 std::optional<int> threads, Caller&) {
        return {semantic, options, threads};
    }

    static labeling::Masks clean_masks(const ArrayView& masks, const labeling::MaskOptions& options,
                                       std::optional<int> threads, Caller&) {
        return {masks, options, threads};
    }

    static std::vector<rle::Segments> encode_ids(const ArrayView& ids,
                                                 const rle::IdOptions& options,
                                                 std::optional<int> threads, Caller&) {
        return rle::encode_ids(ids, options, threads);
    }

    static matching::Match match(const matching::ContingencyTable& table,
                                 const matching::MatchOptions& options, Caller&) {
        return {table, options};
    }
};

}  // namespace panfuse::bindings

#include "cuda/rle/maps.h"

#include <optional>

namespace panfuse::cuda {
namespace {

Maps maps_of(const ArrayView& images, bool batched) {
    const auto bytes = images.dtype.bytes;
    const auto unaligned = [&](std::uint64_t offset) { return offset % bytes != 0; };
    const auto last = static_cast<std::size_t>(images.rank) - 1;
    Maps maps{};
    maps.data = static_cast<const std::byte*>(images.data);
    maps.items = batched ? images.shape[0] : 1;
    maps.item_stride = batched ? images.strides[0] : 0;
    maps.height = images.shape[last - 1];
    maps.row_stride = images.strides[last - 1];
    maps.width = images.shape[last];
    maps.stride = images.strides[last];
    maps.dtype = images.dtype;
    maps.aligned = !unaligned(reinterpret_cast<std::uintptr_t>(images.data));
    for (std::size_t axis = 0; axis <= last; ++axis)
        if (images.shape[axis] > 1 && unaligned(static_cast<std::uint64_t>(images.strides[axis])))
            maps.aligned = false;
    return maps;
}

// The bytes of an id; none if no element can equal it.
std::optional<Word> code_of(std::int64_t id, Dtype dtype) {
    const auto raw = static_cast<Word>(id) & ~Word{0} >> (64 - 8 * dtype.bytes);
    if (dtype.kind == Dtype::Kind::boolean) {
        if (id != 0 && id != 1) return std::nullopt;
    } else {
        const OrderedId sign = dtype.kind == Dtype::Kind::signed_integer ? OrderedId{1} << 63 : 0;
        if ((sign == 0 && id < 0) || to_ordered(raw, dtype) != (static_cast<Word>(id) ^ sign))
            return std::nullopt;
    }
    return raw;
}

}  // namespace

Maps maps_of_ids(const ArrayView& ids, const rle::IdOptions& options) {
    rle::check_maps(ids, options);
    check_dtype(ids.dtype, "ids");
    Maps maps = maps_of(ids, options.batched);
    maps.binary = ids.dtype.kind == Dtype::Kind::boolean;
    maps.significant = ~Word{0};
    if (!options.background) return maps;
    const std::optional<Word> background = code_of(*options.background, ids.dtype);
    maps.has_background = background.has_value();
    maps.background = background.value_or(0);
    return maps;
}

}  // namespace panfuse::cuda

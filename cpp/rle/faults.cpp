#include "rle/faults.h"

#include "rle/string.h"

namespace panfuse::rle {
namespace {

constexpr auto longest = static_cast<std::int64_t>(most_characters);
constexpr std::int64_t most_value = 0xFFFFFFFF;
constexpr std::int64_t absurd = std::int64_t{1} << 60;  // before int64 overflows

}  // namespace

std::vector<Fault> find_faults(std::string_view text, std::optional<Size> size,
                               bool not_canonical) {
    using Code = Fault::Code;
    std::vector<Fault> faults;
    const auto stop = static_cast<std::int64_t>(text.size());
    const std::int64_t pixels = size ? size->height * size->width : -1;
    std::int64_t run = 0, sum = 0, before = 0, two_before = 0;
    bool known = true, summed = true;
    const auto report = [&](Code code, std::int64_t position, std::int64_t value) {
        faults.push_back({code, position, run, value});
    };
    for (std::int64_t at = 0; at < stop; ++run) {
        const std::int64_t begin = at;
        std::int64_t value = 0, bytes = 0;
        unsigned bits = 0, last_bits = 0;
        bool more = true, intact = true;
        for (; more && at < stop; ++at, ++bytes) {
            const auto byte = static_cast<unsigned char>(text[static_cast<std::size_t>(at)]);
            if (byte < 48 || byte > 111) {
                report(Code::character, at, byte);
                intact = false;
                more = false;
                continue;
            }
            last_bits = bits;
            bits = (byte - 48u) & 31u;
            more = ((byte - 48u) & 32u) != 0;
            if (bytes < longest) value |= static_cast<std::int64_t>(bits) << (5 * bytes);
        }
        if (intact && more) {
            report(Code::truncated, stop, 0);
            intact = false;
        }
        if (intact && bytes > longest) {
            report(Code::length, begin, bytes);
            intact = false;
        }
        known = known && intact;
        if (!known) continue;
        if ((bits & 16u) != 0) value -= std::int64_t{1} << (5 * bytes);
        if (not_canonical && bytes > 1 && bits == ((last_bits & 16u) != 0 ? 31u : 0u))
            report(Code::padding, begin, bytes);
        if (run > 2) value += two_before;
        two_before = before;
        before = value;
        if (value < 0) report(Code::negative, begin, value);
        if (value > most_value) report(Code::overflow, begin, value);
        if (value == 0 && run > 0 && not_canonical) report(Code::zero, begin, 0);
        known = value > -absurd && value < absurd;
        summed = summed && value >= 0 && value <= most_value;
        if (!summed) continue;
        sum += value;
        if (size && sum > pixels) {
            summed = false;
            report(Code::sum, begin, sum);
        }
    }
    if (size && known && summed && sum != pixels) report(Code::sum, stop, sum);
    return faults;
}

}  // namespace panfuse::rle

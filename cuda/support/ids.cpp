#include "cuda/support/ids.cuh"

#include <stdexcept>
#include <string>

namespace panfuse::cuda {

void check_dtype(Dtype dtype, const char* array) {
    const int bytes = dtype.bytes;
    const bool known = dtype.kind == Dtype::Kind::boolean
                           ? bytes == 1
                           : bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8;
    if (!known)
        throw std::invalid_argument(std::string(array) +
                                    ": expected integers of 1, 2, 4 or 8 bytes or booleans of 1, "
                                    "got elements of " +
                                    std::to_string(bytes) + " bytes");
}

}  // namespace panfuse::cuda

#include "support/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "support/error.h"

namespace panfuse {
namespace {

class Descriptor {
  public:
    explicit Descriptor(const std::string& path)
        : number_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() {
        if (number_ >= 0) ::close(number_);
    }

    int operator*() const { return number_; }

  private:
    int number_;
};

}  // namespace

std::span<const std::uint8_t> read_file(const std::string& path, Buffer<std::uint8_t>& memory) {
    const Descriptor file(path);
    struct stat status{};
    if (*file < 0 || ::fstat(*file, &status) != 0) throw FileError(errno, path);
    // One byte more than a regular file has: that this byte does not come shows its end by one
    // call. What a pipe has is not known.
    const bool is_regular = S_ISREG(status.st_mode);
    constexpr std::size_t least_room = std::size_t{1} << 16;
    std::size_t room = is_regular ? static_cast<std::size_t>(status.st_size) + 1 : least_room;
    std::size_t size = 0;
    std::uint8_t* bytes = memory.reserve(room);
    for (;;) {
        const ssize_t n = ::read(*file, bytes + size, room - size);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) throw FileError(errno, path);
        size += static_cast<std::size_t>(n);
        if (n == 0 || (is_regular && size + 1 == room)) return {bytes, size};
        if (size == room) {
            Buffer<std::uint8_t> larger;
            room = 2 * room + least_room;
            bytes = larger.reserve(room);
            std::memcpy(bytes, memory.data(), size);
            std::swap(memory, larger);
        }
    }
}

}  // namespace panfuse

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
    // One byte more than a regular file has, so that its end is seen by one call. What a pipe has
    // is not known.
    std::size_t room = static_cast<std::size_t>(status.st_size) + 1, size = 0;
    constexpr std::size_t least_room = std::size_t{1} << 16;
    if (!S_ISREG(status.st_mode)) room = least_room;
    std::uint8_t* bytes = memory.reserve(room);
    for (;;) {
        const ssize_t n = ::read(*file, bytes + size, room - size);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) throw FileError(errno, path);
        if (n == 0) return {bytes, size};
        size += static_cast<std::size_t>(n);
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

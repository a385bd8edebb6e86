// The last rows of images of more than 2^32 pixels, which no test can hold whole: prints each
// check, and exits with 1 if one fails.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <vector>

#include "labeling/filters.h"
#include "labeling/strip.h"

namespace {

namespace labeling = panfuse::labeling;

int failures = 0;

void check(const char* what, bool holds) {
    std::printf("%s  %s\n", holds ? "ok    " : "FAILED", what);
    failures += !holds;
}

// Every row has one run, of pixels 5 to 8.
class Stripe final : public labeling::Source {
  public:
    explicit Stripe(std::int64_t width) : words_(static_cast<std::size_t>(width) / 64) {}

    std::size_t scan(std::int64_t, std::uint64_t* starts, std::uint64_t* inside,
                     std::uint64_t*) override {
        std::fill_n(starts, words_, 0);
        std::fill_n(inside, words_, 0);
        starts[0] = 1 << 5;
        inside[0] = 0b1111 << 5;
        return 1;
    }
    bool is_binary() const override { return true; }
    const void* pixels(std::int64_t) override { return nullptr; }
    labeling::Kernels::Touch touch() const override { return labeling::kernels().touch_binary; }

  private:
    std::size_t words_;
};

void last_rows(const labeling::Shape& shape, int steps) {
    const std::int64_t rows = shape.rows();
    labeling::Strip strip(std::make_unique<Stripe>(shape.width), shape, steps, true, rows - 3,
                          rows);
    strip.sweep();
    check("more than 2^32 pixels", shape.pixels() > std::int64_t{1} << 32);
    check("rows hang together", strip.label_count() == 1);
    const labeling::Sums sums = strip.sums()[0];
    const auto last = static_cast<std::uint64_t>(shape.height - 1);
    check("the first pixel", sums.first == (rows - 3) * shape.width + 5);
    check("the area", sums.area == 12);
    check("the sum of y", sums.y == 4 * (last + last - 1 + last - 2));
    check("the sum of z", sums.z == 12 * static_cast<std::uint64_t>(shape.planes - 1));
    check("the box", sums.y_end == shape.height && sums.z_end == shape.planes && sums.x_end == 9);
}

void last_element() {
    std::vector<std::uint8_t> row(8192);
    row[7] = 42;
    panfuse::ArrayView view;
    view.data = row.data();
    view.rank = 2;
    view.shape = {std::int64_t{1} << 20, 8192};
    view.strides = {0, 1};
    check("an element", labeling::element_at(view, (view.shape[0] - 1) * 8192 + 7) == 42);
}

}  // namespace

int main() {
    last_rows({1, std::int64_t{1} << 20, 8192}, 2);
    last_rows({2048, 2048, 2048}, 3);
    last_element();
    std::printf("%d failed\n", failures);
    return failures == 0 ? 0 : 1;
}

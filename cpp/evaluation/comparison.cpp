#include "evaluation/comparison.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <limits>
#include <mutex>
#include <stdexcept>

#include "evaluation/judge.h"
#include "evaluation/pair_counter.h"
#include "support/parallel.h"

namespace panfuse::evaluation {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds progress_interval{100};

// The rows that one image has among those of the thread that judged it.
struct Place {
    std::size_t worker = 0, first_outcome = 0, outcomes = 0, first_note = 0, notes = 0;
};

// What one thread needs, kept from image to image.
struct alignas(64) Worker {  // on cache lines of its own
    Worker(const ComparisonOptions& options)
        : counter(options.protocol, options.most_pixels),
          judge(options.protocol, options.category_ids) {}

    PairCounter counter;
    Judge judge;
    Judgement done;
};

// The failure of the first image that failed. Images behind it need not be looked at.
class FirstFailure {
  public:
    bool is_before(std::int64_t image) const {
        return image_.load(std::memory_order_relaxed) < image;
    }

    void set(std::int64_t image, std::exception_ptr failure) {
        const std::lock_guard lock(mutex_);
        if (image >= image_.load(std::memory_order_relaxed)) return;
        image_.store(image, std::memory_order_relaxed);
        failure_ = std::move(failure);
    }

    void rethrow() const {
        if (failure_) std::rethrow_exception(failure_);
    }

  private:
    std::mutex mutex_;
    std::atomic<std::int64_t> image_{std::numeric_limits<std::int64_t>::max()};
    std::exception_ptr failure_;
};

Comparison gather(std::span<const Worker> workers, std::span<const Place> places) {
    Comparison result;
    std::size_t outcomes = 0, notes = 0;
    for (const Place& place : places) outcomes += place.outcomes, notes += place.notes;
    result.all.outcomes.reserve(outcomes);
    result.outcome_images.reserve(outcomes);
    result.all.notes.reserve(notes);
    result.note_images.reserve(notes);
    for (std::size_t i = 0; i < places.size(); ++i) {
        const Place& place = places[i];
        const Judgement& done = workers[place.worker].done;
        const auto image = static_cast<std::int64_t>(i);
        const auto append = [image](auto& to, auto& images, const auto& from, std::size_t first,
                                    std::size_t n) {
            const auto begin = from.begin() + static_cast<std::ptrdiff_t>(first);
            to.insert(to.end(), begin, begin + static_cast<std::ptrdiff_t>(n));
            images.insert(images.end(), n, image);
        };
        append(result.all.outcomes, result.outcome_images, done.outcomes, place.first_outcome,
               place.outcomes);
        append(result.all.notes, result.note_images, done.notes, place.first_note, place.notes);
    }
    return result;
}

}  // namespace

Listed ListedColumns::of(std::size_t image) const {
    const auto first = static_cast<std::size_t>(offsets[image]);
    const auto n = static_cast<std::size_t>(offsets[image + 1]) - first;
    const auto part = [=](auto column) {
        return column.empty() ? column : column.subspan(first, n);
    };
    return {part(all.ids), part(all.category_ids), part(all.is_crowd), part(all.areas)};
}

void check(const ListedColumns& columns, std::size_t images, const std::string& side) {
    const auto rows = columns.all.ids.size();
    const auto fits = [&](const auto& column) { return column.empty() || column.size() == rows; };
    if (columns.offsets.size() != images + 1)
        throw std::invalid_argument(side + ": expected an offset more than images");
    if (columns.offsets.front() != 0 || columns.offsets.back() != static_cast<std::int64_t>(rows) ||
        !std::is_sorted(columns.offsets.begin(), columns.offsets.end()))
        throw std::invalid_argument(side + ": expected offsets that ascend from 0 to the rows");
    if (columns.all.category_ids.size() != rows || !fits(columns.all.is_crowd) ||
        !fits(columns.all.areas))
        throw std::invalid_argument(side + ": expected columns of one length");
}

Comparison compare_images(std::span<const Image> images, ComparisonOptions options) {
    std::sort(options.category_ids.begin(), options.category_ids.end());
    Judge judge(options.protocol, options.category_ids);
    Comparison result;
    for (std::size_t i = 0; i < images.size(); ++i) {
        judge.judge(images[i], result.all);
        result.outcome_images.resize(result.all.outcomes.size(), static_cast<std::int64_t>(i));
        result.note_images.resize(result.all.notes.size(), static_cast<std::int64_t>(i));
    }
    return result;
}

Comparison compare_files(std::span<const std::string> names, std::span<const std::string> gt_files,
                         std::span<const std::string> pred_files, const ListedColumns& gt,
                         const ListedColumns& pred, ComparisonOptions options) {
    if (gt_files.size() != names.size() || pred_files.size() != names.size())
        throw std::invalid_argument("expected as many files as names");
    check(gt, names.size(), "gt");
    check(pred, names.size(), "pred");
    std::sort(options.category_ids.begin(), options.category_ids.end());

    const auto images = static_cast<std::int64_t>(names.size());
    const int threads = std::max(1, choose_threads(options.threads, images << 20));
    const auto workers_needed = std::min<std::int64_t>(threads, std::max<std::int64_t>(images, 1));
    std::vector<Worker> workers;
    for (std::int64_t i = 0; i < workers_needed; ++i) workers.emplace_back(options);
    std::vector<Place> places(names.size());
    FirstFailure failure;
    std::atomic<std::int64_t> done{0};
    std::atomic<bool> stopped{false};
    Clock::time_point last_progress = Clock::now();

    run_chunks(threads, images, [&](int thread, std::int64_t chunk) {
        if (stopped.load(std::memory_order_relaxed) || failure.is_before(chunk)) return;
        const auto i = static_cast<std::size_t>(chunk);
        Worker& worker = workers[static_cast<std::size_t>(thread)];
        const std::size_t outcomes = worker.done.outcomes.size(), notes = worker.done.notes.size();
        try {
            Image image{.pairs = {},
                        .gt = gt.of(i),
                        .pred = pred.of(i),
                        .name = names[i],
                        .gt_map = gt_files[i],
                        .pred_map = pred_files[i]};
            worker.counter.count(image);
            worker.judge.judge(image, worker.done);
        } catch (...) {
            failure.set(chunk, std::current_exception());
        }
        places[i] = {static_cast<std::size_t>(thread), outcomes,
                     worker.done.outcomes.size() - outcomes, notes,
                     worker.done.notes.size() - notes};
        done.fetch_add(1, std::memory_order_relaxed);
        if (thread != 0 || !options.progress) return;
        if (const auto now = Clock::now(); now - last_progress >= progress_interval) {
            try {
                options.progress(done.load(std::memory_order_relaxed));
            } catch (...) {
                stopped.store(true, std::memory_order_relaxed);
                throw;
            }
            last_progress = Clock::now();
        }
    });
    failure.rethrow();
    if (options.progress) options.progress(images);
    return gather(workers, places);
}

}  // namespace panfuse::evaluation

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

// An image that was counted before its segments were known.
struct Counted {
    std::size_t image;
    std::vector<Pair> pairs;
    std::int64_t gt_copies, pred_copies;
};

// So many images may wait for their segments, for each thread.
constexpr std::size_t most_waiting = 64;

// What one thread needs, kept from image to image.
struct alignas(64) Worker {  // on cache lines of its own
    Worker(const ComparisonOptions& options)
        : counter(options.protocol, options.most_pixels),
          judge(options.protocol, options.category_ids) {}

    PairCounter counter;
    Judge judge;
    Judgement done;
    std::vector<Counted> waiting;
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

// Pairs of files on their way to judgements.
class FileComparison {
  public:
    FileComparison(std::span<const std::string> names, std::span<const std::string> gt_files,
                   std::span<const std::string> pred_files, const ComparisonOptions& options)
        : names_(names),
          gt_files_(gt_files),
          pred_files_(pred_files),
          options_(options),
          threads_(std::max(1, choose_threads(options.threads, images() << 20))),
          places_(names.size()) {
        const auto workers = std::min<std::int64_t>(threads_, images() + 1);
        for (std::int64_t i = 0; i < workers; ++i) workers_.emplace_back(options);
    }

    // The first chunk of work is the listing, so that no thread can wait for what nobody does.
    Comparison run(const std::function<Listing()>& listing) {
        run_chunks(threads_, images() + 1, [&](int thread, std::int64_t chunk) {
            if (stopped_.load(std::memory_order_relaxed) || failure_.is_before(chunk - 1)) return;
            try {
                if (chunk == 0) return list(listing);
                process(workers_[static_cast<std::size_t>(thread)],
                        static_cast<std::size_t>(chunk - 1));
                if (thread == 0) report();
            } catch (...) {
                stopped_.store(true, std::memory_order_relaxed);
                set_listed();  // whoever waits sees that it has stopped
                throw;
            }
        });
        for (Worker& worker : workers_) judge_waiting(worker);
        failure_.rethrow();
        if (options_.progress) options_.progress(images());
        return gather(workers_, places_);
    }

  private:
    std::int64_t images() const { return static_cast<std::int64_t>(names_.size()); }

    // Makes the segments known to all threads.
    void list(const std::function<Listing()>& listing) {
        listed_ = listing();
        check(listed_.gt, names_.size(), "gt");
        check(listed_.pred, names_.size(), "pred");
        set_listed();
    }

    void set_listed() {
        is_listed_.store(true, std::memory_order_release);
        is_listed_.notify_all();
    }

    void process(Worker& worker, std::size_t i) {
        Image image{.pairs = {},
                    .gt = {},
                    .pred = {},
                    .name = names_[i],
                    .gt_map = gt_files_[i],
                    .pred_map = pred_files_[i]};
        try {
            worker.counter.count(image);
        } catch (...) {
            failure_.set(static_cast<std::int64_t>(i), std::current_exception());
            return;
        }
        done_.fetch_add(1, std::memory_order_relaxed);
        if (!is_listed_.load(std::memory_order_acquire)) {
            worker.waiting.push_back(
                {i, {image.pairs.begin(), image.pairs.end()}, image.gt_copies, image.pred_copies});
            if (worker.waiting.size() < most_waiting) return;
            is_listed_.wait(false, std::memory_order_acquire);
            if (!stopped_.load(std::memory_order_relaxed)) judge_waiting(worker);
            return;
        }
        judge_waiting(worker);
        judge(worker, image, i);
    }

    void judge_waiting(Worker& worker) {
        for (const Counted& counted : worker.waiting) {
            Image image{.pairs = counted.pairs,
                        .gt = {},
                        .pred = {},
                        .gt_copies = counted.gt_copies,
                        .pred_copies = counted.pred_copies,
                        .name = names_[counted.image],
                        .gt_map = gt_files_[counted.image],
                        .pred_map = pred_files_[counted.image]};
            judge(worker, image, counted.image);
        }
        worker.waiting.clear();
    }

    void judge(Worker& worker, Image& image, std::size_t i) {
        Judgement& done = worker.done;
        Place& place = places_[i];
        place.worker = static_cast<std::size_t>(&worker - workers_.data());
        place.first_outcome = done.outcomes.size();
        place.first_note = done.notes.size();
        try {
            image.gt = listed_.gt.of(i);
            image.pred = listed_.pred.of(i);
            worker.judge.judge(image, done);
        } catch (...) {
            failure_.set(static_cast<std::int64_t>(i), std::current_exception());
        }
        place.outcomes = done.outcomes.size() - place.first_outcome;
        place.notes = done.notes.size() - place.first_note;
    }

    // On the calling thread.
    void report() {
        if (!options_.progress) return;
        const auto now = Clock::now();
        if (now - last_report_ < progress_interval) return;
        options_.progress(done_.load(std::memory_order_relaxed));
        last_report_ = Clock::now();
    }

    std::span<const std::string> names_, gt_files_, pred_files_;
    const ComparisonOptions& options_;
    int threads_;
    std::vector<Worker> workers_;
    std::vector<Place> places_;
    Listing listed_;
    std::atomic<bool> is_listed_{false}, stopped_{false};
    FirstFailure failure_;
    std::atomic<std::int64_t> done_{0};
    Clock::time_point last_report_ = Clock::now();
};

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
                         std::span<const std::string> pred_files,
                         const std::function<Listing()>& listing, ComparisonOptions options) {
    if (gt_files.size() != names.size() || pred_files.size() != names.size())
        throw std::invalid_argument("expected as many files as names");
    std::sort(options.category_ids.begin(), options.category_ids.end());
    FileComparison comparison(names, gt_files, pred_files, options);
    return comparison.run(listing);
}

}  // namespace panfuse::evaluation

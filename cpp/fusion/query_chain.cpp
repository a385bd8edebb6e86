#include "fusion/query_chain.h"

#include <algorithm>

namespace panfuse::fusion {
namespace {

Span needed_by(const Taps& taps, Span places) {
    return {taps.first[static_cast<std::size_t>(places.first)],
            taps.second[static_cast<std::size_t>(places.last)]};
}

StageRows rows_of(const Taps& taps, const std::vector<std::int64_t>& outputs) {
    StageRows rows;
    for (const std::int64_t y : outputs) {
        const auto at = static_cast<std::size_t>(y);
        // Taps ascend, so that the second of one row may be the first of the next.
        for (const std::int64_t tap : {taps.first[at], taps.second[at]}) {
            const auto place = std::lower_bound(rows.needed.begin(), rows.needed.end(), tap);
            if (place == rows.needed.end() || *place != tap) rows.needed.insert(place, tap);
        }
        rows.near.push_back(taps.near[at]);
        rows.far.push_back(taps.far[at]);
    }
    const auto place_of = [&](std::int64_t tap) {
        return static_cast<std::int32_t>(
            std::lower_bound(rows.needed.begin(), rows.needed.end(), tap) - rows.needed.begin());
    };
    for (const std::int64_t y : outputs) {
        rows.top.push_back(place_of(taps.first[static_cast<std::size_t>(y)]));
        rows.bottom.push_back(place_of(taps.second[static_cast<std::size_t>(y)]));
    }
    return rows;
}

// `limit` is how many columns of the input can be read from `left` on.
StageColumns columns_of(const Taps& taps, Span outputs, std::int64_t left, std::int64_t limit) {
    const Span inputs = needed_by(taps, outputs);
    StageColumns columns{left, static_cast<std::size_t>(inputs.last - left + 1), {}};
    for (std::int64_t x = outputs.first; x <= outputs.last;
         x += static_cast<std::int64_t>(query_group)) {
        ColumnGroup group;
        const std::int64_t most =
            std::max<std::int64_t>(limit - static_cast<std::int64_t>(query_window), 0);
        const std::int64_t start = std::min(taps.first[static_cast<std::size_t>(x)] - left, most);
        group.start = static_cast<std::int32_t>(start);
        for (std::size_t i = 0; i < query_group; ++i) {
            const auto at =
                static_cast<std::size_t>(std::min(x + static_cast<std::int64_t>(i), outputs.last));
            group.first[i] = static_cast<std::int32_t>(taps.first[at] - left - start);
            group.second[i] = static_cast<std::int32_t>(taps.second[at] - left - start);
            group.near[i] = taps.near[at];
            group.far[i] = taps.far[at];
        }
        group.windowed = group.second[query_group - 1] < static_cast<std::int32_t>(query_window);
        columns.groups.push_back(group);
    }
    return columns;
}

}  // namespace

Chain make_chain(std::int64_t height, std::int64_t width, const std::vector<ResizeStep>& steps) {
    Chain chain;
    for (const ResizeStep& step : steps) {
        Stage stage;
        stage.rows = find_taps(height, step.height, step.cropped_height, 1, step.align_corners);
        stage.columns = find_taps(width, step.width, step.cropped_width, 1, step.align_corners);
        stage.squash = step.probabilities && !chain.probabilities;
        stage.identity = step.height == height && step.width == width;
        chain.probabilities |= step.probabilities;
        chain.stages.push_back(std::move(stage));
        height = step.cropped_height;
        width = step.cropped_width;
    }
    return chain;
}

Chain without_identities(const Chain& chain) {
    Chain result;
    result.probabilities = chain.probabilities;
    for (const Stage& stage : chain.stages)
        if (!stage.identity || stage.squash) result.stages.push_back(stage);
    if (result.stages.empty()) result.stages.push_back(chain.stages.back());
    return result;
}

Span Chain::source_rows(Span rows) const {
    for (auto stage = stages.rbegin(); stage != stages.rend(); ++stage)
        rows = needed_by(stage->rows, rows);
    return rows;
}

Span Chain::source_columns(Span columns) const {
    for (auto stage = stages.rbegin(); stage != stages.rend(); ++stage)
        columns = needed_by(stage->columns, columns);
    return columns;
}

std::vector<StageRows> plan_rows(const Chain& chain, Span rows) {
    std::vector<std::int64_t> outputs;
    for (std::int64_t y = rows.first; y <= rows.last; ++y) outputs.push_back(y);
    std::vector<StageRows> plan(chain.stages.size());
    for (std::size_t k = plan.size(); k-- > 0;) {
        plan[k] = rows_of(chain.stages[k].rows, outputs);
        outputs = plan[k].needed;
    }
    return plan;
}

std::vector<StageColumns> plan_columns(const Chain& chain, Span columns, std::int64_t width) {
    std::vector<StageColumns> plan(chain.stages.size());
    for (std::size_t k = plan.size(); k-- > 0;) {
        const Taps& taps = chain.stages[k].columns;
        const Span inputs = needed_by(taps, columns);
        if (k > 0) {  // lines of our own, with room for a window behind
            plan[k] = columns_of(taps, columns, inputs.first,
                                 static_cast<std::int64_t>(inputs.size() + query_window));
        } else {
            const std::int64_t left = std::max<std::int64_t>(
                std::min(inputs.first, width - static_cast<std::int64_t>(query_window)), 0);
            plan[k] = columns_of(taps, columns, left, width - left);
        }
        columns = inputs;
    }
    return plan;
}

}  // namespace panfuse::fusion

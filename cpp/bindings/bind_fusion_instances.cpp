#include "bindings/bind_fusion_instances.h"

#include <pybind11/stl.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "bindings/array.h"
#include "bindings/class_rules.h"
#include "bindings/cpu_device.h"
#include "bindings/fused_columns.h"
#include "bindings/id_target.h"
#include "bindings/rle_arguments.h"
#include "fusion/instances.h"
#include "fusion/scalars.h"
#include "support/error.h"
#include "support/parallel.h"

namespace panfuse::bindings {
namespace {

using fusion::InstanceRules;

[[noreturn]] void fail(const std::string& what) { throw std::invalid_argument(what); }

template <class Enum>
Enum choice(const py::dict& rules, const char* name) {
    return static_cast<Enum>(rules[name].cast<int>());
}

// Enums are numbered as in fusion/instance_rules.h, and in _fusion_instances_presets.py.
InstanceRules rules_of(const py::dict& given) {
    InstanceRules rules;
    rules.instance_threshold = given["instance_threshold"].cast<double>();
    rules.score_strict = given["score_strict"].cast<bool>();
    rules.single_thresholds = given["single_thresholds"].cast<bool>();
    rules.mask.value = static_cast<float>(given["mask_threshold"].cast<double>());
    rules.mask.strict = given["mask_strict"].cast<bool>();
    rules.overlap = choice<fusion::OverlapRule>(given, "overlap");
    rules.overlap_things = given["overlap_things"].cast<double>();
    rules.overlap_stuff = given["overlap_stuff"].cast<double>();
    rules.stuff_area = given["stuff_area"].cast<std::int64_t>();
    rules.stuff_area_before = given["stuff_area_before"].cast<bool>();
    rules.leftover = choice<fusion::Leftover>(given, "leftover");
    rules.stuff_masks = choice<fusion::StuffMasks>(given, "stuff_masks");
    rules.weigh_scores = given["weigh_scores"].cast<bool>();
    rules.empty_entries = given["empty_entries"].cast<bool>();
    rules.numbering = choice<fusion::Numbering>(given, "numbering");
    return rules;
}

void check_shape(const ArrayView& view, const char* name, int rank, const char* shape) {
    if (view.rank != rank)
        fail(std::string(name) + ": expected the shape " + shape + ", got " +
             std::to_string(view.rank) + " axes");
}

void check_length(const ArrayView& view, const char* name, std::int64_t count) {
    if (view.shape[0] != count)
        fail(std::string(name) + ": expected one for each of " + std::to_string(count) +
             " masks, got " + std::to_string(view.shape[0]));
}

fusion::Instances instances_of(const ArrayView& scores, const ArrayView& categories,
                               std::int64_t count, std::vector<std::int64_t> things,
                               const InstanceRules& rules) {
    check_shape(scores, "scores", 1, "(N,)");
    check_shape(categories, "category_ids", 1, "(N,)");
    check_length(scores, "scores", count);
    check_length(categories, "category_ids", count);
    std::sort(things.begin(), things.end());
    fusion::Instances instances;
    instances.scores = fusion::read_reals(scores);
    instances.categories = fusion::read_integers(categories);
    for (std::size_t k = 0; k < instances.scores.size(); ++k) {
        if (std::isnan(instances.scores[k]))
            fail("scores: expected numbers, got nan in row " + std::to_string(k));
        const std::int64_t category = instances.categories[k];
        if (category < 0 || category > std::numeric_limits<std::int32_t>::max())
            fail("category_ids: expected 0 to 2**31 - 1, got " + std::to_string(category) +
                 " in row " + std::to_string(k));
        const bool is_thing = std::binary_search(things.begin(), things.end(), category);
        if (category == 0 && rules.stuff_masks == fusion::StuffMasks::among_things)
            fail(
                "category_ids: expected ids above 0 with this preset, whose void is 0, got 0 in "
                "row " +
                std::to_string(k));
        if (!is_thing && rules.stuff_masks == fusion::StuffMasks::refused)
            fail("category_ids: expected categories of things, got " + std::to_string(category) +
                 " in row " + std::to_string(k));
        instances.things.push_back(is_thing);
    }
    return instances;
}

// Masks as runs, for the lists of the library that have no array.
rle::Masks runs_of(const py::object& rles, const char* name, fusion::ImageSize size) {
    rle::Masks masks = take_rles_of_one_size(rles, name);
    const rle::Size wanted{size.height, size.width};
    for (std::size_t k = 0; k < masks.size(); ++k)
        if (!(masks.size_of(k) == wanted))
            fail(std::string(name) + ": expected masks of the size of the image, " +
                 size_text(wanted) + ", got " + size_text(masks.size_of(k)));
    return masks;
}

bool holds_runs(const py::object& masks) {
    return py::isinstance<py::list>(masks) || py::isinstance<py::tuple>(masks) ||
           py::hasattr(masks, "_columns");
}

// The masks of stuff, by category, as a background.
void take_stuff(const py::dict& stuff, fusion::ImageSize size, const fusion::ClassRules& rules,
                rle::Masks& runs, fusion::Background& background) {
    py::list masks;
    for (const auto& [category, mask] : stuff) {
        const fusion::Class klass = classes_of({category.cast<std::int64_t>()}, rules)[0];
        if (klass.kind != fusion::Class::Kind::stuff) continue;
        background.categories.push_back(klass.category);
        masks.append(mask);
    }
    runs = runs_of(masks, "semantic", size);
}

// The ids, with one axis, or `out`; and the columns of fused_columns.h.
py::tuple fuse_instances(const py::object& masks, const py::object& boxes, const py::object& scores,
                         const py::object& category_ids, const py::object& semantic,
                         std::pair<std::int64_t, std::int64_t> size,
                         std::pair<std::int64_t, std::int64_t> covered,
                         std::vector<std::int64_t> things, const py::tuple& classes,
                         const py::dict& rules, const py::object& out, std::optional<int> threads,
                         py::object library) {
    Caller caller(std::move(library));
    CpuDevice::check(caller.place());
    const InstanceRules given = rules_of(rules);
    const fusion::ClassRules class_rules_given = class_rules(classes);
    const fusion::ImageSize image{size.first, size.second};

    std::optional<Array> mask_array;
    rle::Masks runs, stuff_runs;
    if (holds_runs(masks)) {
        runs = runs_of(masks, "masks", image);
    } else {
        mask_array = caller.take(masks, "masks", Accept::labels_or_floats);
        check_shape(mask_array->view, "masks", 3, "(N, H, W)");
    }
    const Array score_array = caller.take(scores, "scores", Accept::reals);
    const Array category_array = caller.take(category_ids, "category_ids");
    const std::int64_t count =
        mask_array ? mask_array->view.shape[0] : static_cast<std::int64_t>(runs.size());
    if (count > std::numeric_limits<std::int32_t>::max())
        throw std::overflow_error("masks: expected at most 2**31 - 1 instances");
    fusion::Instances instances =
        instances_of(score_array.view, category_array.view, count, std::move(things), given);
    std::optional<Array> box_array, semantic_array;
    if (!boxes.is_none()) {
        box_array = caller.take(boxes, "boxes", Accept::reals);
        check_shape(box_array->view, "boxes", 2, "(N, 4)");
        if (box_array->view.shape[1] != 4)
            fail("boxes: expected the shape (N, 4), got (N, " +
                 std::to_string(box_array->view.shape[1]) + ")");
        check_length(box_array->view, "boxes", count);
    }
    fusion::Background background;
    if (py::isinstance<py::dict>(semantic))
        take_stuff(semantic, image, class_rules_given, stuff_runs, background);
    else if (!semantic.is_none())
        semantic_array = caller.take(semantic, "semantic", Accept::labels_or_floats);

    const std::int64_t pixels = image.height * image.width;
    const ArrayView nothing;
    const auto view = [&](const std::optional<Array>& array) {
        return array ? &array->view : &nothing;
    };
    const IdTarget target(caller, out, image_shape(image.height, image.width),
                          {view(mask_array), view(box_array), view(semantic_array),
                           &score_array.view, &category_array.view});
    fusion::Fused fused;
    {
        py::gil_scoped_release release;
        const int workers = choose_threads(threads, pixels);
        const std::unique_ptr<fusion::MaskSource> source =
            !mask_array ? fusion::run_masks(runs)
            : box_array ? fusion::roi_masks(mask_array->view, box_array->view, image, given.mask)
                        : fusion::full_masks(mask_array->view, image, given.mask);
        const std::unique_ptr<fusion::MaskSource> stuff = fusion::run_masks(stuff_runs);
        background.masks = stuff.get();
        instances.masks = source.get();
        std::optional<fusion::Semantic> map;
        if (semantic_array) {
            map.emplace(
                semantic_array->view,
                fusion::SemanticSize{size.first, size.second, covered.first, covered.second},
                workers);
            background.map = &*map;
            background.classes = classes_of(map->values(), class_rules_given);
        }
        fused = fusion::InstanceFusion(instances, std::move(background), image, given, workers)
                    .fuse(target.data());
    }
    return py::make_tuple(target.array(), fused_columns(fused, 2));
}

}  // namespace

void bind_fusion_instances(py::module_& m) {
    m.def("fuse_instances", &fuse_instances, py::arg("masks"), py::arg("boxes"), py::arg("scores"),
          py::arg("category_ids"), py::arg("semantic"), py::arg("size"), py::arg("covered"),
          py::arg("things"), py::arg("classes"), py::arg("rules"), py::arg("out"),
          py::arg("threads"), py::arg("library"));
}

}  // namespace panfuse::bindings

"""Every number of a result, to the last bit, beside the literal definition."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pytest

import panfuse as pf
from panfuse.metrics import PanopticQuality, evaluate
from tests.metrics import files
from tests.metrics.unsound import CATEGORIES, FAULTS, Scene, sound, unsound
from tests.reference.panoptic_quality import Refused

if TYPE_CHECKING:
    from pathlib import Path

PROTOCOLS = ("coco", "panopticapi")
WAYS = [("coco", None), *(("panopticapi", fold) for fold in (None, 1, 2, 3, 9))]


def stream(scenes: list[Scene], protocol: str, fold: int | None) -> PanopticQuality:
    quality = PanopticQuality(CATEGORIES, protocol=protocol, fold=fold)
    for image_id, scene in enumerate(scenes):
        quality.update(
            scene.gt,
            scene.pred,
            gt_segments=scene.gt_segments,
            pred_segments=scene.pred_segments,
            image_id=image_id,
        )
    return quality


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(("protocol", "fold"), WAYS)
def test_files_and_arrays_are_judged_as_defined(
    tmp_path: Path, protocol: str, fold: int | None, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    seen: Counter[str] = Counter()
    for _ in range(40):
        broken = rng.random() < 0.7
        scenes = [
            unsound(rng, int(rng.integers(1, 3))) if broken and rng.random() < 0.5 else sound(rng)
            for _ in range(rng.integers(2, 6))
        ]
        same_sizes = all(scene.gt.shape == scene.pred.shape for scene in scenes)
        paths = files.write(tmp_path, scenes)
        try:
            expected = files.expected(scenes, protocol, fold)
        except Refused:
            seen["refused"] += 1
            with pytest.raises(pf.FormatError):
                evaluate(*paths, protocol=protocol, fold=fold)
            with pytest.raises(ValueError):  # noqa: PT011 (maps of two sizes are no file)
                stream(scenes, protocol, fold).compute()
            continue
        seen["judged"] += 1
        seen["unsound"] += broken
        result = evaluate(*paths, protocol=protocol, fold=fold)
        assert repr(files.numbers(result)) == repr(expected)
        if same_sizes:
            streamed = stream(scenes, protocol, fold).compute()
            assert files.everything(streamed) == files.everything(result)
    assert min(seen.values()) > 3, seen


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_each_fault_is_judged_as_defined(tmp_path: Path, protocol: str, name: str) -> None:
    rng = np.random.default_rng(5)
    for _ in range(12):
        scenes = [sound(rng) for _ in range(4)]
        scenes[2] = FAULTS[name](rng, scenes[2])
        paths = files.write(tmp_path, scenes)
        try:
            expected = files.expected(scenes, protocol)
        except Refused as refusal:
            with pytest.raises(pf.FormatError) as caught:
                evaluate(*paths, protocol=protocol)
            if str(refusal) != "group":
                assert str(caught.value).startswith("image 2: ")
        else:
            assert repr(files.numbers(evaluate(*paths, protocol=protocol))) == repr(expected)


def test_protocols_agree_on_sound_data(tmp_path: Path) -> None:
    rng = np.random.default_rng(11)
    paths = files.write(tmp_path, [sound(rng) for _ in range(300)])
    coco, original = (evaluate(*paths, protocol=protocol) for protocol in PROTOCOLS)
    assert coco.notes == original.notes == []
    assert 0.2 < coco.pq < 0.9
    for group in files.GROUPS:
        assert coco[group]["n"] == original[group]["n"] > 0
        for key in ("pq", "sq", "rq"):
            assert abs(coco[group][key] - original[group][key]) < 1e-12
    for category, row in coco.per_class.items():
        for key, value in row.items():
            assert abs(value - original.per_class[category][key]) < 1e-12 * max(1, value)


def test_coco_sums_are_correctly_rounded() -> None:
    rng = np.random.default_rng(3)
    scenes = [sound(rng) for _ in range(200)]
    forward, backward = (stream(order, "coco", None).compute() for order in (scenes, scenes[::-1]))
    assert repr(files.numbers(forward)) == repr(files.numbers(backward))
    # Not so by running sums; else this test would show nothing.
    running = [stream(order, "panopticapi", None).compute() for order in (scenes, scenes[::-1])]
    assert repr(files.numbers(running[0])) != repr(files.numbers(running[1]))


def test_groups_without_a_category(tmp_path: Path) -> None:
    ids = np.array([[1, 1]])
    segments = [{"id": 1, "category_id": 7, "area": 2, "iscrowd": 0}]
    paths = files.write(tmp_path, [Scene(ids, ids, segments, segments)])
    result = evaluate(*paths)
    stuff = result["Stuff"]
    assert (stuff["n"], result["Things"]["n"], result.pq) == (0, 1, 1.0)
    assert all(math.isnan(stuff[key]) for key in ("pq", "sq", "rq"))
    assert result.to_dict()["Stuff"] == {"pq": None, "sq": None, "rq": None, "n": 0}
    assert str(result).splitlines()[-1].split() == ["Stuff", "-", "-", "-", "0"]
    with pytest.raises(pf.FormatError, match=r'^Stuff: .*protocol="coco"'):
        evaluate(*paths, protocol="panopticapi")
    part = evaluate(*paths, protocol="panopticapi", images=[0])
    assert part.pq == 1.0
    assert "100.0" in str(part)
    for read in (lambda: part["Stuff"], part.to_dict):
        with pytest.raises(pf.FormatError, match="Stuff"):
            read()


def test_an_empty_set(tmp_path: Path) -> None:
    paths = files.write(tmp_path, [])
    result = evaluate(*paths)
    assert len(result) == len(result.images) == result["All"]["n"] == 0
    assert math.isnan(result.pq)
    with pytest.raises(pf.FormatError, match=r"^All: "):
        evaluate(*paths, protocol="panopticapi")
    assert math.isnan(PanopticQuality(CATEGORIES).compute().pq)

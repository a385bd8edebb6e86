"""What a result says, how results merge, and how they are kept in files."""

from __future__ import annotations

import copy
import json
import pickle
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import panfuse as pf
from panfuse.metrics import PanopticQuality, PanopticResult, panoptic_quality
from tests.metrics import files
from tests.metrics.unsound import CATEGORIES, Scene, unsound

if TYPE_CHECKING:
    from pathlib import Path


def quality_of(images: dict[Any, Scene], **arguments: Any) -> PanopticQuality:
    quality = PanopticQuality(**{"categories": CATEGORIES, **arguments})
    for image_id, scene in images.items():
        quality.update(
            scene.gt,
            scene.pred,
            gt_segments=scene.gt_segments,
            pred_segments=scene.pred_segments,
            image_id=image_id,
        )
    return quality


def scenes(count: int) -> dict[Any, Scene]:
    """Images that both protocols take, but not all of them sound, under ids of both types."""
    rng = np.random.default_rng(6)
    found: list[Scene] = []
    while len(found) < count:
        scene = unsound(rng)
        try:
            files.expected([scene], "coco")
            quality_of({0: scene}, protocol="panopticapi")
        except Exception:
            continue
        found.append(scene)
    return {i if i % 3 else f"image {i}": scene for i, scene in enumerate(found)}


IMAGES = scenes(60)


@pytest.fixture(params=[("coco", None), ("panopticapi", None), ("panopticapi", 3)])
def rules(request: pytest.FixtureRequest) -> dict[str, Any]:
    protocol, fold = request.param
    return {"protocol": protocol, "fold": fold}


def dealt(seed: int, hands: int) -> list[dict[Any, Scene]]:
    """Deal the images to several, in a random order."""
    order = np.random.default_rng(seed).permutation(len(IMAGES))
    ids = list(IMAGES)
    return [{ids[i]: IMAGES[ids[i]] for i in order[hand::hands]} for hand in range(hands)]


@pytest.mark.parametrize("seed", range(3))
def test_merged_in_any_order_to_the_last_bit(rules: dict[str, Any], seed: int) -> None:
    whole = files.everything(quality_of(IMAGES, **rules).compute())
    evaluators = [quality_of(hand, **rules) for hand in dealt(seed, 7)]
    left = evaluators[0]
    for evaluator in evaluators[1:]:
        assert left.merge(evaluator) is left
    assert files.everything(left.compute()) == whole
    assert [len(evaluator) for evaluator in evaluators[1:]] == [len(h) for h in dealt(seed, 7)][1:]

    results = [quality_of(hand, **rules).compute() for hand in dealt(seed, 3)]
    a, b, c = results
    for merged in (a.merge(b).merge(c), c.merge(b.merge(a)), b.merge(c.merge(a))):
        assert files.everything(merged) == whole


def test_many_small_parts() -> None:
    """More updates than parts are kept."""
    scene = next(iter(IMAGES.values()))
    quality = quality_of(dict.fromkeys(range(2500), scene))
    result = quality.compute()
    assert len(result) == 2500
    assert len(set(result.images.iou.tolist())) == 1
    once = quality_of({0: scene}).compute().per_class
    for category, row in result.per_class.items():
        assert row["fn"] == 2500 * once[category]["fn"]
        assert row["tp"] == 2500 * once[category]["tp"]


def test_what_cannot_merge() -> None:
    pair = [quality_of(hand) for hand in dealt(1, 2)]
    again = quality_of({"image 3": IMAGES["image 3"], "new": IMAGES["image 3"]})
    with pytest.raises(ValueError, match="other: image 'image 3' has been evaluated before"):
        pair[0].merge(pair[1]).merge(again)
    assert len(pair[0]) == 60
    assert len(again) == 2
    with pytest.raises(ValueError, match="image 'image 3' has been evaluated before"):
        pair[0].compute().merge(again.compute())
    with pytest.raises(ValueError, match="got this one"):
        again.merge(again)
    original = {"protocol": "panopticapi"}
    fewer = pf.Categories.from_coco(CATEGORIES.to_coco()[::-1])
    others = [({}, original, "protocol"), (original, original | {"fold": 2}, "fold")]
    for mine, theirs, name in [*others, ({}, {"categories": fewer}, "categories")]:
        one, other = quality_of({}, **mine), quality_of({}, **theirs)
        with pytest.raises(ValueError, match=f"other: expected {name} "):
            one.merge(other)
    with pytest.raises(TypeError, match="other: expected a PanopticQuality, got PanopticResult"):
        again.merge(again.compute())
    with pytest.raises(TypeError, match="other: expected a PanopticResult, got PanopticQuality"):
        again.compute().merge(again)
    # 1 and "1" are two images.
    assert len(quality_of({1: IMAGES[1]}).merge(quality_of({"1": IMAGES[1]}))) == 2


def test_images_without_an_id_are_never_the_same() -> None:
    parts = [quality_of({}) for _ in range(2)]
    for part in parts:
        for scene in (IMAGES[1], IMAGES[2]):
            part.update(
                scene.gt,
                scene.pred,
                gt_segments=scene.gt_segments,
                pred_segments=scene.pred_segments,
            )
    merged = parts[0].compute().merge(parts[1].compute())
    assert merged.images.image_id == (None,) * 4


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_pickles(rules: dict[str, Any], duplicate: Any) -> None:
    hands = dealt(2, 2)
    quality = duplicate(quality_of(hands[0], **rules))
    assert len(quality) == 30
    with pytest.raises(ValueError, match="evaluated before"):
        quality.merge(quality_of(dict([next(iter(hands[0].items()))]), **rules))
    result = quality.merge(duplicate(quality_of(hands[1], **rules))).compute()
    whole = files.everything(quality_of(IMAGES, **rules).compute())
    assert files.everything(result) == whole
    assert files.everything(duplicate(result)) == whole


def test_saved_results(rules: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "result"
    result = quality_of(IMAGES, **rules).compute()
    result.save(path)
    loaded = PanopticResult.load(str(path))
    assert files.everything(loaded) == files.everything(result)
    assert loaded.notes == result.notes
    assert len(result.notes) > 2
    assert loaded.categories == CATEGORIES
    assert loaded.categories.colors.tolist() == CATEGORIES.colors.tolist()
    PanopticResult.load(path).save(path)
    assert [found.name for found in tmp_path.iterdir()] == ["result"]
    with pytest.raises(FileNotFoundError, match="lost"):
        PanopticResult.load(tmp_path / "lost")
    with pytest.raises(OSError, match="lost"):
        result.save(tmp_path / "lost" / "result")


def test_an_empty_result_is_saved(tmp_path: Path) -> None:
    quality_of({}).compute().save(tmp_path / "result")
    loaded = PanopticResult.load(tmp_path / "result")
    assert len(loaded) == 0
    merged = loaded.merge(quality_of(IMAGES).compute())
    assert files.everything(merged) == files.everything(quality_of(IMAGES).compute())


def test_damaged_files(tmp_path: Path) -> None:
    path = tmp_path / "result"
    images = dict(list(IMAGES.items())[:2])
    quality_of(images).compute().save(path)
    data = path.read_bytes()
    rng = np.random.default_rng(0)
    damaged = [data[:size] for size in (0, 5, 20, len(data) - 1)] + [data + b"\0", b"{}" * 50]
    for place in rng.choice(len(data), 100):
        changed = bytearray(data)
        changed[place] ^= 1 << int(rng.integers(8))
        damaged.append(bytes(changed))
    for content in damaged:
        path.write_bytes(content)
        with pytest.raises(pf.FormatError, match=r"result: "):
            PanopticResult.load(path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"protocol": "other"}, "protocol"),
        ({"fold": 2}, "fold"),
        ({"fold": "2"}, "fold"),
        ({"categories": [{"id": 1}]}, "categories"),
        ({"image_ids": [1]}, "positions"),
        ({"image_ids": [1.5, 2]}, "image_ids"),
        ({"positions": b"1234567"}, "buffer"),
        ({"further": 1}, "further"),
        ({"outcomes": {}}, "outcomes: expected the columns"),
        ({"outcomes": ("kind", b"\0")}, "lengths differ"),
        ({"outcomes": ("kind", None, 3)}, "outcomes: expected known kinds, got"),
        ({"outcomes": ("image", None, 2)}, "outcomes: expected images below 2, got 2"),
        ({"outcomes": ("image", None, -1)}, "outcomes: expected images below 2, got"),
        ({"outcomes": ("image", "reversed", None)}, "ascending"),
    ],
)
def test_sound_files_of_nonsense(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    """Somebody else wrote them, with a right checksum."""
    msgspec = pytest.importorskip("msgspec")
    import zlib

    path = tmp_path / "result"
    quality_of(dict(list(IMAGES.items())[:2])).compute().save(path)
    mark, content = path.read_bytes().split(b"\n", 1)
    record = msgspec.msgpack.decode(content[4:])
    for field, value in changes.items():
        if not isinstance(value, tuple):
            record[field] = value
            continue
        name, *how = value
        dtype = {"image": "<i8", "kind": "<i1"}[name]
        column = np.frombuffer(record[field][name], dtype).copy()
        if how[0] == "reversed":
            column = column[::-1]
        elif how[0] is None:
            column[-1] = how[1]
        record[field][name] = how[0] if isinstance(how[0], bytes) else column.tobytes()
    content = msgspec.msgpack.encode(record)
    path.write_bytes(mark + b"\n" + zlib.crc32(content).to_bytes(4, "little") + content)
    with pytest.raises(pf.FormatError, match=rf"result: damaged: .*{message}"):
        PanopticResult.load(path)


def test_large_ids_are_not_saved(tmp_path: Path) -> None:
    result = quality_of({2**70: IMAGES[1]}).compute()
    with pytest.raises(ValueError, match="64 bits"):
        result.save(tmp_path / "result")


def test_json_and_table() -> None:
    result = quality_of(IMAGES).compute()
    described = result.to_dict()
    assert json.loads(json.dumps(described, allow_nan=False)) == described
    assert described["images"] == 60
    assert described["All"]["pq"] == result.pq == result["All"]["pq"]
    assert (result.sq, result.rq) == (result["All"]["sq"], result["All"]["rq"])
    assert described["per_class"]["200"]["tp"] == result.per_class[200]["tp"] > 0
    assert list(result.per_class) == CATEGORIES.ids.tolist()
    lines = str(result).splitlines()
    assert lines[0].split() == ["PQ", "SQ", "RQ", "N"]
    for line, group in zip(lines[1:], files.GROUPS, strict=True):
        row = result[group]
        cells = [f"{100 * row[key]:.1f}" for key in ("pq", "sq", "rq")]
        assert line.split() == [group, *cells, str(row["n"])]
    assert repr(result) == f"PanopticResult(60 images, coco: PQ {100 * result.pq:.1f})"
    assert repr(quality_of(IMAGES)) == "PanopticQuality(60 images, coco)"
    assert (result.protocol, result.fold, result.categories) == ("coco", None, CATEGORIES)
    with pytest.raises(KeyError, match=r"expected one of .*'Stuff'.*got 'all'"):
        result["all"]


def test_results_cannot_be_changed_from_outside() -> None:
    result = quality_of(IMAGES).compute()
    before = files.everything(result)
    result.per_class[200]["tp"] = 10**6
    result.notes.clear()
    result["All"]["pq"] = 0.0
    result.images.iou[:] = 5
    assert files.everything(result) == before


def test_table_of_images() -> None:
    table = quality_of(IMAGES).compute().images
    assert len(table) == 60
    for row, image_id in enumerate(table.image_id):
        alone = quality_of({image_id: IMAGES[image_id]}).compute()
        totals = {key: sum(c[key] for c in alone.per_class.values()) for key in ("tp", "fp", "fn")}
        assert totals == {key: getattr(table, key)[row] for key in totals}
        iou = sum(c["iou"] for c in alone.per_class.values())
        assert table.iou[row] == pytest.approx(iou, rel=1e-12)
        weight = totals["tp"] + (totals["fp"] + totals["fn"]) / 2
        expected = table.iou[row] / weight if weight else np.nan
        np.testing.assert_equal(table.pq[row], expected)
    assert 0 < np.isnan(table.pq).sum() < 30


def test_infinite_quality_in_json() -> None:
    """Listing void as a segment makes unions empty in the original."""
    ids = np.array([[0, 0]])
    rows = [{"id": 0, "category_id": 7, "area": 2}, {"id": 0, "category_id": 7, "area": 2}]
    quality = PanopticQuality(CATEGORIES, protocol="panopticapi")
    quality.update(ids, ids, gt_segments=rows, pred_segments=rows)
    ids = np.array([[1]])
    rows = [{"id": 1, "category_id": 200, "area": 1}]
    quality.update(ids, ids, gt_segments=rows, pred_segments=rows)
    result = quality.compute()
    assert result.pq == np.inf
    described = result.to_dict()
    assert described["All"]["pq"] is None
    assert described["Stuff"]["pq"] == 1.0


def test_one_image() -> None:
    result = panoptic_quality(
        IMAGES[1].gt,
        IMAGES[1].pred,
        gt_segments=IMAGES[1].gt_segments,
        pred_segments=IMAGES[1].pred_segments,
        categories=CATEGORIES,
        image_id=1,
    )
    assert files.everything(result) == files.everything(quality_of({1: IMAGES[1]}).compute())

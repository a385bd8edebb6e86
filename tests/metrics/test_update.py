"""What the evaluator takes, from which libraries, and what it refuses without a trace."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import panfuse as pf
from panfuse.metrics import PanopticQuality, panoptic_quality
from tests.metrics import files
from tests.metrics.streams import GOOD, IDS, ROWS, add, lists, one_by_one, panoptic, scenes
from tests.metrics.unsound import CATEGORIES, sound, unsound

if TYPE_CHECKING:
    from collections.abc import Callable


def torch_tensor(array: np.ndarray) -> Any:
    return pytest.importorskip("torch").from_numpy(array.astype(np.int32))


@pytest.mark.parametrize(
    "convert",
    [
        *(lambda array, dtype=dtype: array.astype(dtype) for dtype in ("i4", "u4", "i8", "u8")),
        np.asfortranarray,
        lambda array: np.repeat(array, 2, axis=1)[:, ::2],
        memoryview,
        torch_tensor,
    ],
    ids=["int32", "uint32", "int64", "uint64", "fortran", "strided", "buffer", "torch"],
)
def test_every_kind_of_array(convert: Callable[[np.ndarray], Any]) -> None:
    images = scenes(20)
    quality = PanopticQuality(CATEGORIES)
    for image_id, scene in enumerate(images):
        quality.update(
            convert(scene.gt),
            convert(scene.pred),
            gt_segments=scene.gt_segments,
            pred_segments=tuple(scene.pred_segments),
            image_id=np.int32(image_id),
        )
    assert files.everything(quality.compute()) == files.everything(one_by_one(images).compute())


def test_panoptics_and_segments() -> None:
    images = scenes(20)
    pairs = [(panoptic(s.gt, s.gt_segments), panoptic(s.pred, s.pred_segments)) for s in images]
    expected = files.everything(one_by_one(images).compute())

    single, batched, mixed, tables = (PanopticQuality(CATEGORIES) for _ in range(4))
    for image_id, (gt, pred) in enumerate(pairs):
        single.update(gt, pred, image_id=image_id)
        mixed.update(gt.ids, pred, gt_segments=gt.segments, image_id=image_id)
    ids = list(range(20))
    batched.update([gt for gt, _ in pairs], [pred for _, pred in pairs], image_id=ids)
    tables.update(
        [gt.ids for gt, _ in pairs],
        tuple(pred.ids for _, pred in pairs),
        gt_segments=[gt.segments for gt, _ in pairs],
        pred_segments=tuple(pred.segments for _, pred in pairs),
        image_id=np.arange(20),
    )
    for quality in (single, batched, mixed, tables):
        assert files.everything(quality.compute()) == expected


def test_batches_of_one_array() -> None:
    images = scenes(6, (7, 9))
    quality = PanopticQuality(CATEGORIES)
    gt, pred = np.stack([s.gt for s in images]), np.stack([s.pred for s in images])
    quality.update(gt, pred, **lists(images), image_id=[0, 1, 2, 3, 4, 5])
    expected = files.everything(one_by_one(images).compute())
    assert files.everything(quality.compute()) == expected
    # One side may be a stack, and the other a list.
    quality.reset()
    quality.update(gt, list(pred), **lists(images), image_id=[0, 1, 2, 3, 4, 5])
    assert files.everything(quality.compute()) == expected
    quality.reset()
    quality.update(gt[:0], pred[:0], gt_segments=[], pred_segments=[], image_id=[])
    assert len(quality) == 0


def test_an_image_without_segments_is_no_batch() -> None:
    quality = PanopticQuality(CATEGORIES)
    void = np.zeros((2, 3), np.int32)
    quality.update(void, void, gt_segments=[], pred_segments=[])
    assert len(quality) == 1
    assert np.isnan(quality.compute().images.pq).tolist() == [True]


def test_volumes() -> None:
    scene = sound(np.random.default_rng(2))
    shape = (1, *scene.gt.shape, 1)
    volume = panoptic_quality(
        scene.gt.reshape(shape),
        scene.pred.reshape(shape),
        gt_segments=scene.gt_segments,
        pred_segments=scene.pred_segments,
        categories=CATEGORIES.to_coco(),
        image_id=0,
    )
    assert files.everything(volume) == files.everything(one_by_one([scene]).compute())


def test_panopticapi_takes_the_given_areas() -> None:
    ids = np.array([[1, 1, 1, 2]])
    found = [{"id": 1, "category_id": 7}, {"id": 2, "category_id": 200}]
    truth = [dict(found[0], area=5), dict(found[1], area=1.0)]
    given = {"gt_segments": truth, "pred_segments": found, "categories": CATEGORIES}
    result = panoptic_quality(ids, ids, protocol="panopticapi", image_id="a", **given)
    assert result["Things"]["pq"] == 3 / 5
    assert len(result.notes) == 1
    assert "segment 1 of image 'a', 5 listed, 3 pixels" in result.notes[0]
    with pytest.raises(pf.FormatError, match="no area"):
        panoptic_quality(ids, ids, protocol="panopticapi", **(given | {"gt_segments": found}))
    # A Panoptic knows its areas.
    assert (
        panoptic_quality(
            panoptic(ids, found),
            panoptic(ids, found),
            categories=CATEGORIES,
            protocol="panopticapi",
        ).pq
        == 1.0
    )


@pytest.mark.parametrize("protocol", ["coco", "panopticapi"])
def test_order_of_streamed_images(protocol: str) -> None:
    """Numbers ascending, then strings, whatever the order of arrival."""
    images = scenes(40)
    ids = [*range(30, 0, -1), *"zyxwvutsrq"]
    quality = PanopticQuality(CATEGORIES, protocol=protocol)
    for image_id, scene in zip(ids, images, strict=True):
        add(quality, scene, image_id=image_id)
    result = quality.compute()
    assert result.images.image_id == (*range(1, 31), *"qrstuvwxyz")
    order = [*images[29::-1], *images[:29:-1]]
    assert repr(files.numbers(result)) == repr(files.expected(order, protocol))


def test_images_without_an_id_keep_the_order_of_arrival() -> None:
    images = scenes(30)
    quality = PanopticQuality(CATEGORIES, protocol="panopticapi")
    for scene in images[:-1]:
        add(quality, scene)
    add(quality, images[-1], image_id="first")
    result = quality.compute()
    assert result.images.image_id == ("first", *[None] * 29)
    expected = files.expected([images[-1], *images[:-1]], "panopticapi")
    assert repr(files.numbers(result)) == repr(expected)


def test_threads_update_one_evaluator() -> None:
    images = scenes(400)
    quality = PanopticQuality(CATEGORIES, protocol="panopticapi")
    barrier = threading.Barrier(8)
    refused: list[int] = []

    def work(first: int) -> None:
        barrier.wait()
        # Every image comes from two threads, and counts once.
        for image_id in [*range(first, 400, 8), *range((first + 1) % 8, 400, 8)]:
            try:
                add(quality, images[image_id], image_id=image_id)
            except ValueError:
                refused.append(image_id)

    threads = [threading.Thread(target=work, args=(first,)) for first in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(refused) == list(range(400))
    assert len(quality) == 400
    expected = files.expected(images, "panopticapi")
    assert repr(files.numbers(quality.compute())) == repr(expected)


PANOPTIC = panoptic(IDS, ROWS)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"image_id": 1.0}, TypeError, "image_id: expected an int or a str, got float"),
        ({"image_id": True}, TypeError, "image_id: .* got bool"),
        ({"image_id": 1}, ValueError, "image_id: image 1 has been evaluated before"),
        ({"gt": [[1, 2]]}, ValueError, "gt_segments: .*each of 1 images, got 2 lists"),
        ({"gt": IDS.astype(float)}, TypeError, "gt: "),
        ({"pred": IDS[:, :1]}, ValueError, "image 5: .*shape"),
        ({"gt_segments": None}, TypeError, "gt_segments: expected the segments of gt, got None"),
        ({"pred_segments": {}}, TypeError, "pred_segments: expected Segments or a list of dicts"),
        ({"pred_segments": [7]}, TypeError, r"pred_segments\[0\]: expected a dict, got int"),
        ({"gt_segments": [{"id": 1}]}, ValueError, r"gt_segments\[0\]: .*'category_id'"),
        ({"gt_segments": [ROWS[0], {"id": "2", "category_id": 3}]}, TypeError, r"\[1\]: .*'id'"),
        ({"gt_segments": [dict(ROWS[0], iscrowd=2)]}, ValueError, "'iscrowd': expected 0 or 1"),
        ({"gt_segments": [dict(ROWS[0], area="3")]}, TypeError, "'area': expected a number"),
        ({"gt_segments": [dict(ROWS[0], id=2**64)]}, ValueError, "'id': expected .*64 bits"),
        ({"gt_segments": [dict(ROWS[0], id=0)]}, pf.FormatError, "image 5: .*segment 0"),
        ({"pred_segments": ROWS[:1]}, pf.FormatError, "image 5: .*segment 2"),
        ({"gt": PANOPTIC}, TypeError, "gt_segments: gt is a Panoptic"),
        ({"gt": [IDS, IDS], "pred": [IDS, IDS]}, TypeError, r"gt_segments\[0\]: expected Segm"),
        (
            {"gt": IDS[None], "pred": IDS[None], "gt_segments": [ROWS], "image_id": [5]},
            TypeError,
            r"pred_segments\[0\]: expected Segments or a list of dicts, got dict",
        ),
        (
            {"gt": IDS, "pred": IDS, "gt_segments": [ROWS, ROWS], "pred_segments": [ROWS, ROWS]}
            | {"image_id": [5, 6]},
            ValueError,
            "gt_segments: expected the segments of each of 1 images, got 2 lists",
        ),
        (
            {"gt": [PANOPTIC, PANOPTIC], "pred": [PANOPTIC, PANOPTIC], "gt_segments": None}
            | {"pred_segments": None, "image_id": [5, 5]},
            ValueError,
            "image_id: image 5 ",
        ),
        (
            {"gt": [PANOPTIC, PANOPTIC], "pred": [PANOPTIC], "gt_segments": None}
            | {"pred_segments": None, "image_id": [5, 6]},
            ValueError,
            "pred: expected a batch of 2 images",
        ),
        (
            {"gt": [PANOPTIC, PANOPTIC], "pred": [PANOPTIC, IDS], "gt_segments": None}
            | {"pred_segments": [None, ROWS[:1]], "image_id": [5, 6]},
            pf.FormatError,
            "image 6: .*segment 2",
        ),
        (
            {"gt": [PANOPTIC], "pred": [PANOPTIC], "gt_segments": None}
            | {"pred_segments": None, "image_id": [5, 6]},
            ValueError,
            "image_id: expected one for each of 1 images, got 2",
        ),
    ],
)
def test_bad_arguments_leave_nothing_behind(
    changes: dict[str, Any], error: type[Exception], message: str
) -> None:
    quality = PanopticQuality(CATEGORIES)
    quality.update(**(GOOD | {"image_id": 1}))
    before = files.everything(quality.compute())
    with pytest.raises(error, match=message):
        quality.update(**(GOOD | changes))
    assert len(quality) == 1
    assert files.everything(quality.compute()) == before
    quality.update(**GOOD)
    quality.update(**(GOOD | {"image_id": 6}))
    assert len(quality) == 3


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"protocol": "COCO"}, ValueError, "protocol: expected one of .*'coco'"),
        ({"fold": 2}, ValueError, 'fold: only protocol="panopticapi"'),
        ({"protocol": "panopticapi", "fold": 0}, ValueError, "fold: expected a positive"),
        ({"protocol": "panopticapi", "fold": 1.5}, TypeError, "fold: expected an integer"),
        ({"categories": 7}, TypeError, "categories: "),
    ],
)
def test_bad_evaluators(arguments: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        PanopticQuality(**{"categories": CATEGORIES, **arguments})


def test_refusing_unsound_images_keeps_the_rest() -> None:
    rng = np.random.default_rng(8)
    quality, clean = PanopticQuality(CATEGORIES), PanopticQuality(CATEGORIES)
    refused = 0
    for image_id in range(200):
        scene = unsound(rng)
        try:
            add(quality, scene, image_id=image_id)
        except ValueError:
            refused += 1
        else:
            add(clean, scene, image_id=image_id)
    assert 50 < refused < 150
    assert files.everything(quality.compute()) == files.everything(clean.compute())

"""`evaluate`: which images of which files, and what it says of files that do not fit."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import panfuse as pf
from panfuse.metrics import PanopticQuality, PanopticResult, evaluate
from tests.metrics import files
from tests.metrics.unsound import CATEGORIES, Scene, sound

Paths = tuple[Path, Path]


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    rng = np.random.default_rng(4)
    return [sound(rng) for _ in range(40)]


@pytest.fixture
def paths(tmp_path: Path, scenes: list[Scene]) -> Paths:
    # In no order, and with ids of both types.
    ids = [*range(100, 80, -1), *(f"image {i % 7}{i}" for i in range(20))]
    return files.write(tmp_path, scenes, ids)


@pytest.mark.parametrize("protocol", ["coco", "panopticapi"])
@pytest.mark.parametrize("count", [1, 3, 10, 60])
def test_shards_in_any_order_are_the_whole(
    paths: Paths, tmp_path: Path, protocol: str, count: int
) -> None:
    files.change(paths[1], annotations=[*files.annotations(paths[1]), image(2000)])
    whole = evaluate(*paths, protocol=protocol)
    shards = [evaluate(*paths, protocol=protocol, shard=(k, count)) for k in range(count)]
    assert sum(map(len, shards)) == 40
    if count == 10:
        assert {len(shard) for shard in shards} == {4}
    merged = shards.pop(count // 2)
    for shard in shards[::2] + shards[1::2]:
        shard.save(tmp_path / "shard")
        merged = PanopticResult.load(tmp_path / "shard").merge(merged)
    assert files.everything(merged) == files.everything(whole)
    assert "image 2000" in whole.notes[0]


def test_chosen_images(paths: Paths, scenes: list[Scene]) -> None:
    ids = evaluate(*paths).images.image_id
    chosen = [ids[30], ids[2], np.int64(ids[7]), ids[2]]
    result = evaluate(*paths, images=iter(chosen), protocol="panopticapi")
    assert result.images.image_id == (ids[2], ids[7], ids[30])
    expected = files.expected([scenes[2], scenes[7], scenes[30]], "panopticapi")
    assert repr(files.numbers(result)) == repr(expected)
    parts = [evaluate(*paths, images=chosen, shard=(k, 2)).images.image_id for k in range(2)]
    assert parts == [(ids[2], ids[7]), (ids[30],)]
    assert len(evaluate(*paths, images=[])) == 0


@pytest.mark.parametrize("threads", [1, 2, 5, None])
def test_threads_change_nothing(paths: Paths, threads: int | None) -> None:
    result = evaluate(*paths, threads=threads)
    assert files.everything(result) == files.everything(evaluate(*paths))


def test_folders_and_kinds_of_paths(paths: Paths, tmp_path: Path) -> None:
    expected = files.everything(evaluate(*paths))
    gt, pred = tmp_path / "a", tmp_path / "b"
    (tmp_path / "gt").rename(gt)
    (tmp_path / "pred").rename(pred)
    given = evaluate(str(paths[0]), os.fspath(paths[1]), gt_folder=gt, pred_folder=str(pred))
    assert files.everything(given) == expected
    # Without .json there is no folder to guess.
    paths[0].rename(tmp_path / "truth")
    with pytest.raises(ValueError, match="truth"):
        evaluate(tmp_path / "truth", paths[1], pred_folder=pred)
    given = evaluate(tmp_path / "truth", paths[1], gt_folder=gt, pred_folder=pred)
    assert files.everything(given) == expected


def test_progress(paths: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    calls: list[tuple[int, int]] = []
    evaluate(*paths, progress=lambda done, total: calls.append((done, total)))
    assert calls[-1] == (40, 40)
    assert [done for done, _ in calls] == sorted(done for done, _ in calls)
    assert {total for _, total in calls} == {40}
    evaluate(*paths, progress=False)
    assert capsys.readouterr() == ("", "")
    evaluate(*paths, progress=True)
    out, err = capsys.readouterr()
    assert not out
    assert "40/40" in err

    def stop(done: int, total: int) -> None:
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        evaluate(*paths, progress=stop)


def test_files_and_arrays_merge(paths: Paths, scenes: list[Scene]) -> None:
    """A part from files and a part from arrays are ordered by id, as if all were arrays."""
    ids = evaluate(*paths).images.image_id
    quality, rest = PanopticQuality(CATEGORIES), PanopticQuality(CATEGORIES)
    for row, (image_id, scene) in enumerate(zip(ids, scenes, strict=True)):
        for one in (quality, rest) if row >= 15 else (quality,):
            one.update(
                scene.gt,
                scene.pred,
                gt_segments=scene.gt_segments,
                pred_segments=scene.pred_segments,
                image_id=image_id,
            )
    merged = rest.compute().merge(evaluate(*paths, images=ids[:15]))
    assert files.everything(merged) == files.everything(quality.compute())


def image(image_id: Any, file_name: str = "none.png") -> dict[str, Any]:
    return {"image_id": image_id, "file_name": file_name, "segments_info": []}


def test_a_missing_prediction(paths: Paths) -> None:
    annotations = files.annotations(paths[1])
    files.change(paths[1], annotations=[one for one in annotations if one["image_id"] != 90])
    for protocol in ("coco", "panopticapi"):
        with pytest.raises(pf.FormatError, match=r"pred\.json: no prediction of image 90$"):
            evaluate(*paths, protocol=protocol)
    evaluate(*paths, images=[91, 92])
    files.change(paths[1], annotations=[*annotations[:10], *annotations[12:], image("90")])
    message = r"no prediction of image 90 \(and of 1 others\); there is '90', of type str$"
    with pytest.raises(pf.FormatError, match=message):
        evaluate(*paths)


def test_images_listed_twice(paths: Paths, scenes: list[Scene]) -> None:
    for side, path in zip(("gt", "pred"), paths, strict=True):
        content = path.read_text()
        annotations = files.annotations(path)
        files.change(path, annotations=[*annotations, annotations[3]])
        with pytest.raises(pf.FormatError, match=rf"{side}\.json: image 97 is listed more than"):
            evaluate(*paths)
        path.write_text(content)
    # The original takes the last prediction, and counts ground truth each time.
    truth, found = map(files.annotations, paths)
    files.change(paths[0], annotations=[*truth, truth[3]])
    files.change(paths[1], annotations=[dict(found[3], segments_info=[]), *found])
    result = evaluate(*paths, protocol="panopticapi")
    expected = files.expected([*scenes, scenes[3]], "panopticapi")
    assert repr(files.numbers(result)) == repr(expected)
    assert [note.partition("): ")[2] for note in result.notes] == [
        "each is counted",
        "the last is taken",
    ]


def test_further_predictions_are_noted(paths: Paths) -> None:
    before = evaluate(*paths)
    files.change(paths[1], annotations=[image("x"), *files.annotations(paths[1]), image("y")])
    result = evaluate(*paths)
    assert result.notes == [
        "2 predictions of images that ground truth has not (first: image 'x'): they were left out"
    ]
    assert files.numbers(result) == files.numbers(before)


def test_notes_tell_the_first_case_and_what_was_done(tmp_path: Path) -> None:
    ids = np.array([[1, 1, 2, 2, 3, 3, 4]], np.uint32)
    found = [{"id": i, "category_id": 7} for i in (1, 2, 3)] + [{"id": 4, "category_id": 200}]
    truth = [dict(segment, area=2, iscrowd=0) for segment in found]
    truth[0]["area"] = 9.5
    truth[1]["iscrowd"] = truth[2]["iscrowd"] = 1
    unseen = {"id": 8, "category_id": 200, "area": 1, "iscrowd": 0}
    scenes = [Scene(ids, ids, [*truth[:3], unseen], found)] * 2
    paths = files.write(tmp_path, scenes, ["a", "b"])
    assert evaluate(*paths).notes == [
        "2 ground-truth segments with another area listed than their map has (first: segment 1 of "
        "image 'a', 9.5 listed, 2 pixels): the pixels were counted",
        "2 ids in ground-truth maps without a listed segment (first: id 4 of image 'a', 1 "
        "pixels): their pixels were taken for void",
        "2 listed ground-truth segments without a pixel (first: segment 8 of image 'a'): they "
        "were not counted",
        "2 times several crowd segments of one category in one image (first: 2 of category 7 in "
        "image 'a'): all of them excuse predictions",
    ]
    original = evaluate(*paths, protocol="panopticapi", images=["b"]).notes
    assert [note.partition("): ")[2] for note in original] == [
        "the listed areas were used, with which an IoU may exceed 1",
        "they were neither segments nor void, and count against predictions",
        "all but crowds were counted as false negatives",
        "only the last one listed excuses predictions",
    ]
    truth[3]["category_id"] = 12345
    paths = files.write(tmp_path, [Scene(ids, ids, truth, found)])
    assert evaluate(*paths, protocol="panopticapi").notes[-1] == (
        "1 false negatives of categories that are not in the table (first: category 12345 in "
        "image 0): they are in no average"
    )


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"protocol": "coc"}, ValueError, "protocol: "),
        ({"fold": 3}, ValueError, "fold: "),
        ({"images": 3}, TypeError, "images: expected several image ids, got int"),
        ({"images": "90"}, TypeError, "images: expected several image ids, got str"),
        ({"images": [90.0]}, TypeError, "images: expected an int or a str, got float"),
        ({"images": [7]}, ValueError, r"images: .*gt\.json, got 7$"),
        ({"images": ["90"]}, ValueError, "images: .*got '90'; there is 90, of type int"),
        ({"shard": 3}, TypeError, "shard: "),
        ({"shard": (0, 1, 2)}, TypeError, "shard: "),
        ({"shard": (0.0, 2)}, TypeError, "shard: "),
        ({"shard": (2, 2)}, ValueError, r"shard: .*got \(2, 2\)"),
        ({"shard": (-1, 2)}, ValueError, "shard: "),
        ({"shard": (0, 0)}, ValueError, "shard: "),
        ({"threads": 0}, ValueError, "threads: "),
        ({"progress": 3}, TypeError, "progress: "),
        ({"gt_folder": "no/such"}, FileNotFoundError, "gt_folder: .*'no/such'"),
        ({"pred_folder": "no/such"}, FileNotFoundError, "pred_folder: .*'no/such'"),
        ({"pred_folder": __file__}, NotADirectoryError, "pred_folder: "),
    ],
)
def test_bad_arguments(
    paths: Paths, arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        evaluate(*paths, **arguments)


def test_missing_files(paths: Paths, tmp_path: Path) -> None:
    for missing in (0, 1):
        given: list[Any] = list(paths)
        given[missing] = tmp_path / "lost.json"
        with pytest.raises(FileNotFoundError, match=r"lost\.json"):
            evaluate(*given)
    (tmp_path / "gt" / "90.png").unlink()
    with pytest.raises(FileNotFoundError, match=r"90\.png"):
        evaluate(*paths)
    evaluate(*paths, images=[91])


def test_ground_truth_without_categories(paths: Paths) -> None:
    content = json.loads(paths[0].read_text())
    del content["categories"]
    paths[0].write_text(json.dumps(content))
    with pytest.raises(pf.FormatError, match=r"gt\.json: field `categories` is missing"):
        evaluate(*paths)

"""Results are written as COCO panoptic and read back the same; what is unsound is named."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np
import pytest

import panfuse as pf
from panfuse.formats import coco

if TYPE_CHECKING:
    from collections.abc import Iterator

CATEGORIES = pf.Categories([3, 1], ["cat", "sky"], [True, False], ["animal", None])
IDS = np.array([[5, 5, 0], [5, 9, 9]], np.int32)


def result(ids: np.ndarray = IDS, rows: tuple[int, ...] = (5, 9), **columns: Any) -> pf.Panoptic:
    """A map whose odd ids are cats, and even ones sky; 9 is a crowd."""
    id_ = np.array(rows, np.int64)
    things = id_ % 2 == 1
    columns = {"is_crowd": id_ == 9} | columns
    segments = pf.Segments(id_, np.where(things, 3, 1), things, **columns)
    return pf.Panoptic(ids, segments, categories=CATEGORIES)


def edit(path: Path, **fields: Any) -> None:
    """Change fields of the first image's record."""
    content = json.loads(path.read_bytes())
    content["annotations"][0] |= fields
    path.write_text(json.dumps(content))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "val.json"


def test_what_is_written(path: Path) -> None:
    scored = result(score=np.array([0.5, np.nan], np.float32))
    coco.write(path, iter([(139, scored), ("b", "x/b.png", result())]), categories=CATEGORIES)
    content = json.loads(path.read_bytes())
    assert content["categories"] == CATEGORIES.to_coco()
    assert content["images"] == [
        {"id": 139, "file_name": "000000000139.png", "height": 2, "width": 3},
        {"id": "b", "file_name": "x/b.png", "height": 2, "width": 3},
    ]
    infos = [
        {"id": 5, "category_id": 3, "iscrowd": 0, "bbox": [0, 0, 2, 2], "area": 3},
        {"id": 9, "category_id": 3, "iscrowd": 1, "bbox": [1, 1, 2, 1], "area": 2},
    ]
    assert content["annotations"] == [
        {
            "image_id": 139,
            "file_name": "000000000139.png",
            "segments_info": [infos[0] | {"score": 0.5}, infos[1]],
        },
        {"image_id": "b", "file_name": "x/b.png", "segments_info": infos},
    ]
    assert sorted(file.name for file in path.parent.rglob("*.*")) == [
        "000000000139.png",
        "b.png",
        "val.json",
    ]
    np.testing.assert_array_equal(pf.png.read(path.parent / "val" / "x" / "b.png"), IDS)
    # Evaluation reads them too.
    assert coco.read_annotations(path).columns().areas.tolist() == [3, 2, 3, 2]


def test_what_is_read(path: Path) -> None:
    first, second = result(score=np.array([0.25, np.nan])), result(IDS // 9 * 2, (2,))
    coco.write(path, [(7, first), ("b", second)], categories=CATEGORIES)
    pairs = list(coco.read(path))
    assert [image_id for image_id, _ in pairs] == [7, "b"]
    for (_, panoptic), expected in zip(pairs, (first, second), strict=True):
        assert panoptic == expected
        assert panoptic.ids.dtype == np.int32
        assert panoptic.categories == CATEGORIES
        panoptic.check()
    assert [image_id for image_id, _ in coco.read(path, images=["b"])] == ["b"]
    assert [image_id for image_id, _ in coco.read(path, images=["b", np.int64(7), 7])] == [7, "b"]
    assert list(coco.read(path, images=[])) == []
    assert coco.load(path, "b") == second
    assert coco.load(str(path), np.int64(7)) == first


def test_an_image_is_read_when_its_turn_comes(path: Path) -> None:
    coco.write(path, [(1, result()), (2, result())], categories=CATEGORIES)
    (path.parent / "val" / "000000000002.png").unlink()
    pairs = coco.read(path)
    assert next(pairs)[0] == 1
    with pytest.raises(FileNotFoundError, match=r"000000000002\.png"):
        next(pairs)


def test_areas_are_those_of_the_pixels(path: Path) -> None:
    coco.write(path, [(1, result())], categories=CATEGORIES)
    infos = [
        {"id": 9, "category_id": 3, "iscrowd": 1.0, "area": "?", "bbox": None},
        {"id": 5, "category_id": 3},
    ]
    edit(path, segments_info=infos)
    assert coco.load(path, 1) == result()


def test_folders(path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    coco.write(os.fsencode(path), [(1, result())], categories=CATEGORIES, folder=str(folder))
    assert [file.name for file in folder.iterdir()] == ["000000000001.png"]
    assert not coco.default_folder(path).exists()
    assert coco.load(path, 1, folder=os.fsencode(folder)) == result()
    with pytest.raises(FileNotFoundError, match="000000000001"):
        coco.load(path, 1)
    with pytest.raises(ValueError, match=r"^json_path: expected a path"):
        coco.write(tmp_path / "val", [], categories=CATEGORIES)


def test_categories_of_the_caller(path: Path) -> None:
    coco.write(path, [(1, result())], categories=CATEGORIES)
    other = pf.Categories([3], ["kitten"], [False])
    panoptic = coco.load(path, 1, categories=other)
    assert panoptic.categories == other
    assert not panoptic.segments.is_thing.any()
    content = json.loads(path.read_bytes())
    del content["categories"], content["images"]
    path.write_text(json.dumps(content))
    assert coco.load(path, 1, categories=CATEGORIES) == result()
    with pytest.raises(ValueError, match=r"^categories: .* since .*val\.json has none$"):
        coco.load(path, 1)
    with pytest.raises(TypeError, match=r"^categories: expected a Categories, got list"):
        coco.read(path, categories=[1])


def test_unknown_and_repeated_images(path: Path) -> None:
    coco.write(path, [(1, result()), (2, result())], categories=CATEGORIES)
    with pytest.raises(ValueError, match=r"^images: expected image ids of .*val.json, got '1'$"):
        coco.read(path, images=[2, "1", 3])
    edit(path, image_id=2)
    assert [image_id for image_id, _ in coco.read(path)] == [2, 2]
    with pytest.raises(pf.FormatError, match=r"val.json: image 2 is listed more than once"):
        coco.load(path, 2)


@pytest.mark.parametrize(
    ("infos", "expected"),
    [
        ([5, 9, 5], "segment 5: the id is listed twice"),
        ([5, 9, 0], "segment 0: expected an id of 1 to 2**31 - 1"),
        ([5, 9, 2**31], "segment 2147483648: expected an id of 1 to 2**31 - 1"),
        ([5], "segment 9: FILE has such pixels, but it is not listed"),
        ([5, 9, 2**31 - 1], "segment 2147483647: it is listed, but FILE has no such pixel"),
    ],
)
def test_lists_that_do_not_fit_the_map(path: Path, infos: list[int], expected: str) -> None:
    coco.write(path, [(1, result())], categories=CATEGORIES)
    edit(path, segments_info=[{"id": id_, "category_id": 3} for id_ in infos])
    with pytest.raises(pf.FormatError) as caught:
        coco.load(path, 1)
    file = path.parent / "val" / "000000000001.png"
    assert str(caught.value) == f"{path}: image 1, {expected.replace('FILE', str(file))}"


def test_damaged_files(path: Path) -> None:
    coco.write(path, [(1, result())], categories=CATEGORIES)
    edit(path, segments_info=[{"id": 5, "category_id": 3}, {"id": 9, "category_id": 4}])
    with pytest.raises(pf.FormatError, match=r"image 1, segment 9: category 4 is not known$"):
        coco.load(path, 1)
    edit(path, segments_info=[{"id": 5, "category_id": 3, "score": 1e39}])
    with pytest.raises(pf.FormatError, match="image 1, segment 5: field `score`: expected float"):
        coco.load(path, 1)
    edit(path, segments_info=[{"id": 5, "category_id": 3, "iscrowd": "0"}])
    with pytest.raises(pf.FormatError, match="image 1, segment 5: field `iscrowd`: expected bool"):
        coco.load(path, 1)
    edit(path, segments_info=[])
    file = path.parent / "val" / "000000000001.png"
    file.write_bytes(file.read_bytes()[:-5])
    with pytest.raises(pf.FormatError, match=r"000000000001\.png: "):
        coco.load(path, 1)


@pytest.mark.parametrize(
    ("item", "kind", "expected"),
    [
        ((1, result(rows=(5,))), ValueError, "image 1: ids: pixel id 9 has no segment"),
        ((1, result(rows=(5, 7, 9))), ValueError, "image 1: segments: segment 7 has no pixel"),
        (
            (1, result(area=np.array([3, 1]))),
            ValueError,
            "image 1: segments: segment 9 has area 1, but its pixels have 2",
        ),
        (
            (1, result(IDS + 2**24, (2**24, 2**24 + 5, 2**24 + 9))),
            ValueError,
            "image 1: ids: expected ids from 0 to 16777215, got 16777221 at",
        ),
        ((1, result(IDS[0], (5,))), ValueError, "image 1: ids: expected 2 axes"),
        ((1, result(IDS[:0], ())), ValueError, "image 1: ids: expected H and W"),
        (
            (1, pf.Panoptic(IDS, pf.Segments([5, 9], [3, 4], [True, True]))),
            ValueError,
            r"image 1: segments: expected categories of .*, got 4 \(segment 9\)",
        ),
        (
            (1, pf.Panoptic(IDS, pf.Segments([5, 9], [3, 3], [True, False]))),
            ValueError,
            "image 1: segments: segment 9 of category 3 has is_thing False",
        ),
        ((0, result()), ValueError, "image 0: it comes twice"),
        (
            (1, "000000000000.png", result()),
            ValueError,
            "image 1: its file name 000000000000.png is also that of an image before it",
        ),
        ((1, "../1.png", result()), ValueError, "image 1: file_name: expected a path within"),
        ((1, "/1.png", result()), ValueError, "image 1: file_name: expected a path within"),
        ((1, "", result()), ValueError, "image 1: file_name: expected a path within"),
        ((1, "a\0.png", result()), ValueError, "image 1: file_name: expected a path within"),
        (("../a", result()), ValueError, "image ../a: file_name: expected a path within"),
        ((1, 1, result()), TypeError, "image 1: file_name: expected a str, got int"),
        ((1, IDS), TypeError, "image 1: expected a Panoptic, got ndarray"),
        ((1.5, result()), TypeError, "expected image ids of int or str, got float"),
        ((True, result()), TypeError, "expected image ids of int or str, got bool"),
        ((2**63, result()), ValueError, "expected image ids of 64 bits, got 9223372036854775808"),
        ((1,), TypeError, "expected tuples of .*, got a tuple of 1"),
        (result(), TypeError, "expected tuples of .*, got Panoptic"),
    ],
)
def test_what_is_not_written(path: Path, item: Any, kind: type[Exception], expected: str) -> None:
    path.write_text("before")
    with pytest.raises(kind, match=f"^items: {expected}"):
        coco.write(path, [(0, result()), item], categories=CATEGORIES)
    assert path.read_text() == "before"
    assert {file.name for file in path.parent.rglob("*.*")} <= {"val.json", "000000000000.png"}


def test_json_comes_last_and_whole(path: Path) -> None:
    def items() -> Iterator[tuple[int, pf.Panoptic]]:
        yield 1, result()
        assert not path.exists()
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        coco.write(path, items(), categories=CATEGORIES)
    assert not path.exists()
    real = path.with_name("real.json")
    real.write_text("before")
    path.symlink_to(real)
    coco.write(path, [(1, result())], categories=CATEGORIES)
    assert path.is_symlink()
    assert coco.load(path, 1) == result()
    assert sorted(file.name for file in path.parent.iterdir()) == ["real.json", "val", "val.json"]


def test_places_that_cannot_be_written(path: Path) -> None:
    (path.parent / "val").write_text("a file")
    with pytest.raises(OSError, match="val"):
        coco.write(path, [], categories=CATEGORIES)
    target = path.parent / "none" / "val.json"
    with pytest.raises(FileNotFoundError) as caught:
        coco.write(target, [], categories=CATEGORIES, folder=path.parent / "maps")
    assert caught.value.filename == str(target)
    coco.write(os.devnull, [(1, result())], categories=CATEGORIES, folder=path.parent / "maps")
    assert Path(os.devnull).is_char_device()


def test_categories_are_checked(path: Path) -> None:
    with pytest.raises(TypeError, match=r"^categories: expected a Categories, got list"):
        coco.write(path, [], categories=CATEGORIES.to_coco())


def test_maps_of_torch(path: Path) -> None:
    torch = pytest.importorskip("torch")
    coco.write(path, [(1, result(torch.tensor(IDS)))], categories=CATEGORIES)
    assert coco.load(path, 1) == result()


@pytest.mark.cuda
def test_maps_on_a_gpu_are_left_to_the_caller(path: Path) -> None:
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    with pytest.raises(ValueError, match=r"^items: image 1: ids: "):
        coco.write(path, [(1, result(torch.tensor(IDS).cuda()))], categories=CATEGORIES)


def test_save_coco(path: Path) -> None:
    result().save_coco(path)
    assert coco.load(path, 1) == result()
    result().save_coco(
        path, image_id="b", file_name="c.png", folder=path.parent / "maps", categories=CATEGORIES
    )
    assert coco.load(path, "b", folder=path.parent / "maps") == result()
    assert (path.parent / "maps" / "c.png").exists()
    bare = pf.Panoptic(IDS, result().segments)
    with pytest.raises(ValueError, match=r"^categories: expected a Categories, since the result"):
        bare.save_coco(path)
    bare.save_coco(path, categories=CATEGORIES)
    assert coco.load(path, 1) == result()


MAPS = hnp.arrays(
    st.sampled_from([np.uint8, np.int32, np.uint32, np.int64]),
    hnp.array_shapes(min_dims=2, max_dims=2, max_side=12),
    elements=st.integers(0, 6),
)


@hypothesis.given(st.lists(MAPS, max_size=4), st.lists(st.integers(1, 2**24 - 1), min_size=6))
def test_round_trip(
    tmp_path_factory: pytest.TempPathFactory, maps: list[np.ndarray], ids: list[int]
) -> None:
    path = tmp_path_factory.getbasetemp() / "round_trip.json"
    values = np.array([0, *sorted(set(ids))], np.int64)
    results = []
    for small in maps:
        wide = values[np.minimum(small, len(values) - 1)]
        rows = np.unique(wide[wide > 0])
        results.append(result(wide.astype(np.int32), rows))
    coco.write(path, enumerate(results), categories=CATEGORIES)
    for (image_id, panoptic), (index, expected) in zip(
        coco.read(path), enumerate(results), strict=True
    ):
        assert image_id == index
        assert panoptic == expected
        panoptic.check()


def test_real_sample(data: Path, path: Path) -> None:
    sample = data / "coco_panoptic_sample"
    source = sample / "panoptic_examples.json"
    results = list(coco.read(source))
    assert [len(panoptic.segments) for _, panoptic in results] == [18, 32]
    assert [int((panoptic.ids == 0).sum()) for _, panoptic in results] == [2712, 7189]
    coco.write(path, results, categories=pf.Categories.coco())
    assert list(coco.read(path)) == results
    before = json.loads(source.read_bytes())["annotations"]
    after = json.loads(path.read_bytes())["annotations"]
    for old, new in zip(before, after, strict=True):
        assert new["image_id"] == old["image_id"]
        assert new["file_name"] == old["file_name"]
        assert new["segments_info"] == sorted(old["segments_info"], key=lambda info: info["id"])


def test_real_cells(data: Path, path: Path) -> None:
    folder = data / "dsb2018" / "panoptic"
    annotations = coco.read_annotations(folder / "gt.json")
    wanted = [image.image_id for image in annotations[::60]]
    for name in ("gt", "pred"):
        results = list(
            coco.read(folder / f"{name}.json", images=wanted, categories=annotations.categories)
        )
        assert [image_id for image_id, _ in results] == wanted
        coco.write(path, results, categories=annotations.categories)
        assert list(coco.read(path)) == results

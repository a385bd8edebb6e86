"""COCO panoptic JSON that is not sound is refused, with words that lead to the place."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

import panfuse as pf
from panfuse.formats import coco
from tests.formats.documents import content, fault, read, with_category, with_image, with_segment

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "val.json"


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (with_segment(id="12"), "image 139, segment 12: field `id`: expected int, got str"),
        (with_segment(id=12.0), "image 139, segments_info[1]: field `id`: expected int, got float"),
        (with_segment(id=True), "image 139, segment True: field `id`: expected int, got bool"),
        (
            with_segment(id=None),
            "image 139, segments_info[1]: field `id`: expected int, got null",
        ),
        (with_segment(id=[7]), "image 139, segments_info[1]: field `id`: expected int, got array"),
        (
            with_segment(id=2**63),
            "image 139, segment 9223372036854775808: field `id`: "
            "expected int <= 9223372036854775807",
        ),
        (with_segment(id=...), "image 139, segments_info[1]: field `id` is missing"),
        (
            with_segment(id=10**4000),
            f"image 139, segment 1{'0' * 59}...: field `id`: expected int <= 9223372036854775807",
        ),
        (
            with_segment(category_id=-(2**63) - 1),
            "image 139, segment 7: field `category_id`: expected int >= -9223372036854775808",
        ),
        (with_segment(category_id=...), "image 139, segment 7: field `category_id` is missing"),
        (
            with_segment(category_id="2"),
            "image 139, segment 7: field `category_id`: expected int, got str",
        ),
        (with_segment(iscrowd=...), "image 139, segment 7: field `iscrowd` is missing"),
        (
            with_segment(iscrowd="0"),
            "image 139, segment 7: field `iscrowd`: expected bool | int | float, got str",
        ),
        (with_segment(area="30"), "image 139, segment 7: field `area`: expected float, got str"),
        (with_segment(area=None), "image 139, segment 7: field `area`: expected float, got null"),
        (with_segment(area=10**400), "image 139, segment 7: field `area`: number out of range"),
        (with_image(image_id=...), "annotations[1]: field `image_id` is missing"),
        (
            with_image(image_id=1.5),
            "annotations[1]: field `image_id`: expected int | str, got float",
        ),
        (with_image(file_name=...), "image b: field `file_name` is missing"),
        (with_image(file_name=7), "image b: field `file_name`: expected str, got int"),
        (
            with_image(file_name="a\0b"),
            "image b: field `file_name`: expected the name of a file, got 'a\\x00b'",
        ),
        (
            with_image(file_name=""),
            "image b: field `file_name`: expected the name of a file, got ''",
        ),
        (with_image(segments_info=...), "image b: field `segments_info` is missing"),
        (
            with_image(segments_info={}),
            "image b: field `segments_info`: expected array, got object",
        ),
        (with_image(segments_info=[3]), "image b, segments_info[0]: expected object, got int"),
        (content(annotations=[None]), "annotations[0]: expected object, got null"),
        (content(annotations={}), "field `annotations`: expected array, got object"),
        ({"images": []}, "field `annotations` is missing"),
        ([], "expected object, got array"),
        (None, "expected object, got null"),
        (3, "expected object, got int"),
        (with_category(id="1"), "category 1: field `id`: expected int, got str"),
        (with_category(id=...), "categories[0]: field `id` is missing"),
        (with_category(isthing=...), "category 1: field `isthing` is missing"),
        (with_category(isthing="1"), "category 1: field `isthing`: expected bool | int, got str"),
        (with_category(name=7), "category 1: field `name`: expected str | null, got int"),
        (with_category(color=[1, 2, "3"]), "category 1: field `color`: expected int, got str"),
        (
            with_category(color=[1, 2]),
            "category 1: field `color`: expected array of length 3",
        ),
        (content(categories={}), "field `categories`: expected array | null, got object"),
        (
            with_category(id=2),
            "categories: ids: expected unique ids, got 2 in rows 0 and 1",
        ),
        (
            with_category(isthing=2),
            "categories: is_thing[0]: expected True or False (1 or 0), got 2",
        ),
        (
            with_category(id=-1),
            "categories: ids[0]: expected an id of 0 to 2**31 - 1, got -1",
        ),
    ],
)
def test_refused_fields(path: Path, document: Any, expected: str) -> None:
    assert fault(path, document) == expected


def test_refused_fields_of_predictions(path: Path) -> None:
    expected = "image 139, segment 12: field `id`: expected int, got str"
    assert fault(path, with_segment(id="12"), predictions=True) == expected
    expected = "image 139, segment 7: field `category_id` is missing"
    assert fault(path, with_segment(category_id=...), predictions=True) == expected


VALID = json.dumps(content()).encode()
AREA = json.dumps(with_segment(area="AREA")).encode()


@pytest.mark.parametrize("predictions", [False, True])
@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "input data was truncated (byte 0)"),
        (b" \n", "input data was truncated (byte 2)"),
        (b'{"annotations": [', "input data was truncated (byte 17)"),
        (VALID + b"}", f"trailing characters (byte {len(VALID) + 1})"),
        (b"\xef\xbb\xbf" + VALID, "it starts with a byte order mark (byte 0)"),
        (VALID.decode().encode("utf-16"), "no UTF-8, invalid start byte (byte 0)"),
        (VALID.decode().encode("utf-16-le"), "object keys must be strings (byte 1)"),
        (b"\0", "invalid character (byte 0)"),
        (
            VALID.replace(b"139.png", b"139\xff.png"),
            f"no UTF-8, invalid start byte (byte {VALID.index(b'.png')})",
        ),
        (
            b'{"info": "\xed\xa0\x80", "annotations": []}',
            "no UTF-8, invalid continuation byte (byte 10)",
        ),
        (
            AREA.replace(b'"AREA"', b"NaN"),
            f"invalid character (byte {AREA.index(b'AREA') - 1})",
        ),
        (
            AREA.replace(b'"AREA"', b"-Infinity"),
            f"invalid character (byte {AREA.index(b'AREA')})",
        ),
        (
            VALID.replace(b"b.png", b"\\ud800.png"),
            f"unexpected end of escaped utf-16 surrogate pair (byte {VALID.index(b'b.png') + 6})",
        ),
        (VALID.replace(b"139,", b"0139,"), f"invalid number (byte {VALID.index(b'139,') + 1})"),
    ],
)
def test_no_json(path: Path, data: bytes, expected: str, predictions: bool) -> None:
    assert fault(path, data, predictions=predictions) == f"no valid JSON: {expected}"


@pytest.mark.parametrize("predictions", [False, True])
@pytest.mark.parametrize("field", ["info", "categories", "annotations"])
@pytest.mark.parametrize(("start", "end"), [("[", "]"), ('{"a":', "}")])
def test_deep_nesting(path: Path, field: str, start: str, end: str, predictions: bool) -> None:
    deep = 100_000
    text = f'{{"{field}": {start * deep}0{end * deep}, "annotations": []}}'
    assert fault(path, text.encode(), predictions=predictions)


def test_too_deep_is_said(path: Path) -> None:
    text = f'{{"info": {"[" * 100_000}'
    assert fault(path, text.encode()) == "lists or objects nested too deeply"


def test_positions_stand_in_where_the_file_breaks_later(path: Path) -> None:
    data = json.dumps(with_segment(id="12")).encode()[:-10]
    expected = "annotations[0], segments_info[1]: field `id`: expected int, got str"
    assert fault(path, data) == expected


def test_every_prefix(path: Path) -> None:
    for length in range(len(VALID)):
        for predictions in (False, True):
            assert fault(path, VALID[:length], predictions=predictions)


def test_every_byte_changed(path: Path) -> None:
    """FormatError, or what Python's own parser reads."""
    for at in range(len(VALID)):
        for change in (1, 16, 0x80):
            data = VALID[:at] + bytes([VALID[at] ^ change]) + VALID[at + 1 :]
            try:
                annotations = read(path, data)
            except pf.FormatError:
                assert fault(path, data)
                continue
            listed = json.loads(data)["annotations"]
            assert [image.image_id for image in annotations] == [i["image_id"] for i in listed]
            columns = annotations.columns()
            infos = [info for image in listed for info in image["segments_info"]]
            assert columns.ids.tolist() == [info["id"] for info in infos]
            assert columns.category_ids.tolist() == [info["category_id"] for info in infos]


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    for path, kind in (
        (tmp_path / "none.json", FileNotFoundError),
        (tmp_path / "none" / "val.json", FileNotFoundError),
        (tmp_path, IsADirectoryError),
        (tmp_path / ("a" * 300), OSError),
    ):
        for reader in (coco.read_annotations, coco.read):
            with pytest.raises(kind) as caught:
                reader(path)
            assert caught.value.filename == str(path)

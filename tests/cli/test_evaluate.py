"""`panfuse evaluate`: options, what is printed and written, exit statuses, and Ctrl-C."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import math
import os
import pty
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple
from unittest import mock

import numpy as np
import pytest

import panfuse as pf
from panfuse.cli import main
from panfuse.formats import coco
from panfuse.scenes import street

COMMAND = [sys.executable, "-c", "from panfuse.cli import main; main()", "evaluate"]
SIZE = (60, 80)
IMAGES = 3


@pytest.fixture(scope="module")
def data_set(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with gt.json, pred.json and their folders."""
    folder = tmp_path_factory.mktemp("set")
    scenes = [street(SIZE, seed=seed, crowds=1) for seed in range(IMAGES)]
    categories = scenes[0].categories
    truths = [(k, scene.panoptic) for k, scene in enumerate(scenes)]
    guesses = [(k, scene.prediction()) for k, scene in enumerate(scenes)]
    coco.write(folder / "gt.json", truths, categories=categories)
    coco.write(folder / "pred.json", guesses, categories=categories)
    return folder


@pytest.fixture
def copy(data_set: Path, tmp_path: Path) -> Path:
    """The same, to be damaged."""
    return Path(shutil.copytree(data_set, tmp_path / "set"))


class Done(NamedTuple):
    """What a command has printed, and its exit status."""

    returncode: int
    stdout: str
    stderr: str


def panfuse(*arguments: object) -> Done:
    out, err = io.StringIO(), io.StringIO()
    words = ["panfuse", "evaluate", *map(str, arguments)]
    with (
        mock.patch.object(sys, "argv", words),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        pytest.raises(SystemExit) as ended,
    ):
        main()
    return Done(int(ended.value.code or 0), out.getvalue(), err.getvalue())


def evaluate(folder: Path, *options: object) -> Done:
    return panfuse(folder / "gt.json", folder / "pred.json", *options)


def expected(folder: Path, **options: object) -> pf.PanopticResult:
    return pf.evaluate(folder / "gt.json", folder / "pred.json", **options)


def assert_refused(done: Done, *named: str) -> None:
    """Status 2, and one line that names what is wrong."""
    assert done.returncode == 2, done
    assert done.stdout == ""
    assert done.stderr.endswith("\n")
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("panfuse evaluate: ")
    for text in named:
        assert text in done.stderr


def test_table(data_set: Path) -> None:
    done = evaluate(data_set)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{expected(data_set)}\n"


def test_notes_come_last(copy: Path) -> None:
    data = json.loads((copy / "gt.json").read_text())
    data["annotations"][1]["segments_info"][0]["area"] += 1
    (copy / "gt.json").write_text(json.dumps(data))
    done = evaluate(copy, "--per-class")
    (note,) = expected(copy).notes
    assert done.returncode == 0
    assert done.stdout.endswith(f"\n\nNote: {note}\n")


def test_per_class(data_set: Path) -> None:
    done = evaluate(data_set, "--per-class")
    result = expected(data_set)
    lines = done.stdout.removeprefix(f"{result}\n\n").splitlines()
    assert lines[0].split() == ["id", "category", "PQ", "SQ", "RQ", "TP", "FP", "FN"]
    assert len({len(line) for line in lines}) == 1
    assert len(lines) == 1 + len(result.categories)
    for line, category in zip(lines[1:], result.categories, strict=True):
        row = result.per_class[category.id]
        occurs = row["tp"] + row["fp"] + row["fn"] > 0
        scores = [f"{100 * row[k]:.1f}" if occurs else "-" for k in ("pq", "sq", "rq")]
        kind = "thing" if category.is_thing else "stuff"
        counts = [str(row[k]) for k in ("tp", "fp", "fn")]
        assert line.split() == [str(category.id), *category.name.split(), kind, *scores, *counts]
    assert any("-" in line.split() for line in lines)


def test_per_image(data_set: Path, tmp_path: Path) -> None:
    path = tmp_path / "images.csv"
    assert evaluate(data_set, "--per-image", path).returncode == 0
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    table = expected(data_set).images
    assert [row["image_id"] for row in rows] == ["0", "1", "2"]
    for name in ("tp", "fp", "fn", "iou", "pq"):
        assert [float(row[name]) for row in rows] == getattr(table, name).tolist()
    assert all(row["tp"].isdecimal() for row in rows)


def test_per_image_of_an_image_without_segments(tmp_path: Path) -> None:
    categories = pf.Categories([1], ["a, b"], [True])
    nothing = pf.Panoptic(np.zeros((1, 2), np.int32), pf.Segments([], [], []))
    for name in ("gt", "pred"):
        coco.write(tmp_path / f"{name}.json", [('x,"y"', "x.png", nothing)], categories=categories)
    path = tmp_path / "images.csv"
    assert evaluate(tmp_path, "--per-image", path).returncode == 0
    with path.open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert row == {"image_id": 'x,"y"', "tp": "0", "fp": "0", "fn": "0", "iou": "0.0", "pq": ""}
    assert math.isnan(expected(tmp_path).pq)


def test_json_file(data_set: Path, tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    done = evaluate(data_set, "--json", path)
    assert json.loads(path.read_text()) == expected(data_set).to_dict()
    assert done.stdout == f"{expected(data_set)}\n"


def test_json_on_standard_output(data_set: Path) -> None:
    done = evaluate(data_set, "--json", "-", "--per-class")
    assert json.loads(done.stdout) == expected(data_set).to_dict()
    assert not Path("-").exists()


def test_protocol_fold_and_threads(data_set: Path) -> None:
    for options in ({"protocol": "panopticapi"}, {"protocol": "panopticapi", "fold": 2}):
        words = [word for key, value in options.items() for word in (f"--{key}", value)]
        done = evaluate(data_set, *words, "--threads", 2, "--json", "-")
        assert json.loads(done.stdout) == expected(data_set, **options).to_dict()


def test_folders(copy: Path) -> None:
    result = expected(copy)
    (copy / "gt").rename(copy / "a b")
    (copy / "pred").rename(copy / "c")
    done = evaluate(copy, "--gt-folder", copy / "a b", "--pred-folder", copy / "c")
    assert done.stdout == f"{result}\n"
    assert_refused(evaluate(copy), str(copy / "gt"), "No such file or directory")
    done = evaluate(copy, "--gt-folder", copy / "a b", "--pred-folder", copy / "gt.json")
    assert_refused(done, "pred_folder", "Not a directory", str(copy / "gt.json"))


def test_bad_options(data_set: Path) -> None:
    assert_refused(evaluate(data_set, "--protocol", "lvis"), "protocol: ", "'lvis'")
    assert_refused(evaluate(data_set, "--fold", 2), "fold: ")
    assert_refused(evaluate(data_set, "--threads", 0), "threads: ", "got 0")
    done = panfuse(data_set / "gt.json")
    assert done.returncode == 2
    assert "PRED.json" in done.stderr


def test_files_that_are_not_there(copy: Path) -> None:
    done = panfuse(copy / "gt.json", copy / "nothing.json", "--pred-folder", copy / "pred")
    assert_refused(done, str(copy / "nothing.json"), "No such file or directory")
    (copy / "pred" / "000000000001.png").unlink()
    assert_refused(evaluate(copy), "000000000001.png", "No such file or directory")


def test_damaged_files(copy: Path) -> None:
    path = copy / "gt" / "000000000002.png"
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    assert_refused(evaluate(copy), str(path))
    path.write_bytes(whole)
    (copy / "pred.json").write_text('{"annotations": [\n\n')
    assert_refused(evaluate(copy), str(copy / "pred.json"), "JSON")


def test_wrong_json(copy: Path) -> None:
    data = json.loads((copy / "pred.json").read_text())
    segment = data["annotations"][1]["segments_info"][0]
    segment["category_id"] = "two\nlines"
    (copy / "pred.json").write_text(json.dumps(data))
    named = ("pred.json", "image 1", f"segment {segment['id']}", "category_id")
    assert_refused(evaluate(copy), *named)
    segment["category_id"] = 4321
    (copy / "pred.json").write_text(json.dumps(data))
    assert_refused(evaluate(copy), "image 1", f"segment {segment['id']}", "4321")
    del data["annotations"][1]
    (copy / "pred.json").write_text(json.dumps(data))
    assert_refused(evaluate(copy), str(copy / "pred.json"), "image 1")


def test_places_to_write_are_looked_at_before_the_work(copy: Path) -> None:
    (copy / "gt" / "000000000000.png").unlink()  # which the work would stumble over
    for option in ("--per-image", "--json"):
        absent = copy / "absent"
        assert_refused(evaluate(copy, option, absent / "file"), str(absent))
        assert_refused(evaluate(copy, option, copy), str(copy), "Is a directory")


def test_in_a_process_of_its_own(copy: Path) -> None:
    command = [*COMMAND, str(copy / "gt.json"), str(copy / "pred.json")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{expected(copy)}\n", "")
    (copy / "gt.json").write_bytes(b"\xff")
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert_refused(Done(done.returncode, done.stdout, done.stderr), str(copy / "gt.json"))


def many_images(folder: Path, images: int) -> None:
    """The same pair of large maps, listed many times."""
    scene = street((1024, 2048), seed=1)
    for name, panoptic in (("gt", scene.panoptic), ("pred", scene.prediction())):
        coco.write(folder / f"{name}.json", [(0, panoptic)], categories=scene.categories)
        data = json.loads((folder / f"{name}.json").read_text())
        (one,) = data["annotations"]
        data["annotations"] = [one | {"image_id": k} for k in range(images)]
        (folder / f"{name}.json").write_text(json.dumps(data))


@pytest.mark.parametrize("threads", [1, 2])
def test_ctrl_c(tmp_path: Path, threads: int) -> None:
    many_images(tmp_path, 2000)
    reader, terminal = pty.openpty()  # on a terminal the bar tells that the work has begun
    # What is ignored, as in a shell's background job, would stay so in the new process.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(
        [
            *COMMAND,
            *(str(tmp_path / "gt.json"), str(tmp_path / "pred.json"), "--threads", str(threads)),
        ],
        stdout=subprocess.PIPE,
        stderr=terminal,
        env=os.environ | {"TERM": "xterm", "COLUMNS": "200"},
    )
    signal.signal(signal.SIGINT, before)
    os.close(terminal)
    try:
        shown = b""
        limit = time.monotonic() + 30
        while b"/2000" not in shown or b" 0/2000" in shown.rpartition(b"\r")[2]:
            assert time.monotonic() < limit, shown
            shown += os.read(reader, 4096)
        process.send_signal(signal.SIGINT)
        begin = time.monotonic()
        while True:  # what it has to say must not block it
            try:
                part = os.read(reader, 4096)
            except OSError:  # it has closed the terminal
                break
            if not part:
                break
            shown += part
        status = process.wait(10)
        seconds = time.monotonic() - begin
    finally:
        process.kill()
        output, _ = process.communicate()
        os.close(reader)
    assert status == 130
    assert seconds < 1
    assert output == b""
    assert b"panfuse evaluate: interrupted" in shown
    assert b"Traceback" not in shown

"""Pairs of files are judged as their arrays are, whatever their form, and failures name them."""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

import panfuse as pf
from panfuse import evaluation
from tests.evaluation.scenes import CATEGORIES, Scene, columns, notes_of, rows_of, scene
from tests.reference import panoptic_quality as reference

if TYPE_CHECKING:
    from pathlib import Path


class Files:
    """Scenes written to a folder."""

    seconds_each = 0.0  # of one thread, where `long_work` has measured it

    def __init__(self, folder: Path, scenes: list[Scene]) -> None:
        self.scenes = scenes
        self.gt = [folder / f"gt{i}.png" for i in range(len(scenes))]
        self.pred = [folder / f"pred{i}.png" for i in range(len(scenes))]
        for one, gt, pred in zip(scenes, self.gt, self.pred, strict=True):
            pf.png.write(one.gt, gt)
            pf.png.write(one.pred, pred)

    def compare(self, protocol: str = "coco", **options: object) -> evaluation.Outcomes:
        return evaluation.compare_files(
            self.gt,
            self.pred,
            columns([one.gt_segments for one in self.scenes]),
            columns([one.pred_segments for one in self.scenes]),
            category_ids=CATEGORIES,
            protocol=protocol,
            names=[f"image {i}" for i in range(len(self.scenes))],
            **options,
        )


@pytest.fixture
def files(tmp_path: Path) -> Files:
    rng = np.random.default_rng(5)
    return Files(tmp_path, [scene(rng) for _ in range(40)])


@pytest.mark.parametrize("protocol", ["coco", "panopticapi"])
def test_files_as_arrays(isa: str, files: Files, protocol: str) -> None:
    outcomes = files.compare(protocol)
    for i, one in enumerate(files.scenes):
        expected = reference.image(*one, CATEGORIES, protocol)
        assert rows_of(outcomes, i) == expected.rows
        assert notes_of(outcomes, i) == expected.notes


@pytest.mark.parametrize("threads", [2, 3, 8, None])
def test_threads_change_nothing(files: Files, threads: int | None) -> None:
    one, several = files.compare(threads=1), files.compare(threads=threads)
    for name in ("image", "kind", "category_id", "iou"):
        np.testing.assert_array_equal(getattr(one, name), getattr(several, name))
    for name in evaluation.Notes.__slots__:
        np.testing.assert_array_equal(getattr(one.notes, name), getattr(several.notes, name))


def test_unsound_files_as_panopticapi(tmp_path: Path) -> None:
    """Maps that NumPy would stretch over each other among them."""
    rng = np.random.default_rng(6)
    stretched = refused = 0
    for _ in range(1000):
        one = scene(rng, 0.1)
        files = Files(tmp_path, [one])
        try:
            expected = reference.image(*one, CATEGORIES, "panopticapi")
        except reference.Refused:
            with pytest.raises(pf.FormatError, match=r"^image 0: .*(gt|pred)0\.png: "):
                files.compare("panopticapi")
            refused += 1
            continue
        outcomes = files.compare("panopticapi")
        assert rows_of(outcomes) == expected.rows
        assert notes_of(outcomes) == expected.notes
        stretched += one.gt.shape != one.pred.shape
    assert stretched > 5
    assert refused > 20


def plain(gt: np.ndarray, pred: np.ndarray) -> Scene:
    """Every id is a segment of the first category."""

    def listed(ids: np.ndarray) -> list[dict[str, int]]:
        return [{"id": int(i), "category_id": CATEGORIES[0]} for i in np.unique(ids[ids > 0])]

    return Scene(gt, pred, listed(gt), listed(pred))


def test_rows_beyond_16_bits(isa: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    for width in (65534, 65535, 65536, 65599, 131071):
        gt = np.repeat(rng.integers(0, 5, (2, width // 100 + 1)), 100, axis=1)[:, :width]
        one = plain(gt, np.roll(gt, 31, axis=1))
        outcomes = Files(tmp_path, [one]).compare()
        assert rows_of(outcomes) == reference.image(*one, CATEGORIES, "coco").rows


def test_ids_of_24_bits(tmp_path: Path) -> None:
    gt = np.full((3, 70), 2**24 - 1)
    gt[:, 5] = 2**16
    outcomes = Files(tmp_path, [plain(gt, gt)]).compare()
    assert rows_of(outcomes) == [(0, CATEGORIES[0], 1.0)] * 2


def test_noise_outgrows_the_table(tmp_path: Path) -> None:
    """More pairs than the table of a natural map holds, twice by one thread."""
    rng = np.random.default_rng(8)
    gt = rng.integers(1, 2**24, (800, 1000))
    gt[:, ::2] = 9
    pred = rng.integers(1, 2**24, (800, 1000))
    pred[:, ::2] = 9
    one = plain(gt, pred)
    outcomes = Files(tmp_path, [one, one]).compare(threads=1)
    judged = evaluation.compare_images(
        [pf.contingency(gt, pred)],
        columns([one.gt_segments]),
        columns([one.pred_segments]),
        category_ids=CATEGORIES,
        names=["image 0"],
    )
    assert rows_of(outcomes, 0) == rows_of(outcomes, 1) == rows_of(judged)


def test_sizes_that_differ(tmp_path: Path) -> None:
    for shape in ((4, 7), (5, 6), (1, 6), (4, 1), (1, 1), (6, 4)):
        files = Files(tmp_path, [plain(np.ones((4, 6)).astype(int), np.ones(shape).astype(int))])
        sizes = f"pred0.png: the map is {shape[0]} x {shape[1]}, but .*gt0.png is 4 x 6"
        with pytest.raises(pf.FormatError, match=f"^image 0: .*{sizes}$"):
            files.compare()


@pytest.mark.parametrize("side", ["gt", "pred"])
def test_files_that_are_damaged(files: Files, side: str) -> None:
    path = getattr(files, side)[7]
    sound = path.read_bytes()
    for broken in (b"", sound[:-4], sound[: len(sound) // 2], b"GIF89a", sound + b"x"):
        path.write_bytes(broken)
        with pytest.raises(pf.FormatError, match=f"^image 7: .*{side}7.png: "):
            files.compare()


@pytest.mark.parametrize("side", ["gt", "pred"])
def test_files_that_are_missing(files: Files, side: str) -> None:
    path = getattr(files, side)[7]
    path.unlink()
    with pytest.raises(FileNotFoundError) as caught:
        files.compare()
    assert caught.value.filename == str(path)
    path.mkdir()
    with pytest.raises(IsADirectoryError):
        files.compare()


@pytest.mark.parametrize("threads", [1, 4])
def test_the_first_failure_is_told(files: Files, threads: int) -> None:
    for i in (31, 11, 29):
        files.gt[i].write_bytes(b"")
    for _ in range(20):
        with pytest.raises(pf.FormatError, match="image 11: "):
            files.compare(threads=threads)


def test_panopticapi_reads_rgb_alone(tmp_path: Path) -> None:
    pil = pytest.importorskip("PIL.Image")
    files = Files(tmp_path, [plain(np.ones((4, 6), int), np.ones((4, 6), int))])
    pil.fromarray(np.ones((4, 6), np.uint8)).save(files.pred[0])
    assert rows_of(files.compare("coco")) == [(0, CATEGORIES[0], 1.0)]
    with pytest.raises(pf.FormatError, match=r"pred0\.png: protocol 'panopticapi' reads RGB"):
        files.compare("panopticapi")


def long_work(tmp_path: Path, seconds: float) -> Files:
    """So many images that one thread takes about so long: sanitizers slow the work by twenty."""
    one = plain(*np.random.default_rng(9).integers(1, 9, (2, 600, 1000)))
    files = Files(tmp_path, [one])
    files.compare(threads=1)
    start = time.perf_counter()
    files.compare(threads=1)
    files.seconds_each = time.perf_counter() - start
    images = 4 + int(seconds / files.seconds_each)
    files.scenes, files.gt, files.pred = [one] * images, files.gt * images, files.pred * images
    return files


def test_a_file_that_vanishes_during_the_run(tmp_path: Path) -> None:
    files = long_work(tmp_path, 0.6)
    last = tmp_path / "last.png"
    last.write_bytes(files.pred[0].read_bytes())
    files.pred[-1] = last
    with pytest.raises(FileNotFoundError) as caught:
        files.compare(threads=1, progress=lambda done: last.unlink(missing_ok=True))
    assert caught.value.filename == str(last)


def test_progress(tmp_path: Path) -> None:
    told: list[int] = []
    caller = threading.get_ident()

    def progress(done: int) -> None:
        told.append(done)
        assert threading.get_ident() == caller

    files = long_work(tmp_path, 1.5)
    files.compare(threads=2, progress=progress)
    assert told == sorted(told)
    assert told[-1] == len(files.gt)
    assert len(told) > 1


def test_progress_ends_the_run(tmp_path: Path) -> None:
    class StopError(Exception):
        pass

    def progress(done: int) -> None:
        raise StopError

    files = long_work(tmp_path, 120)
    start = time.perf_counter()
    with pytest.raises(StopError):
        files.compare(threads=2, progress=progress)
    assert time.perf_counter() - start < 1 + 10 * files.seconds_each


def test_ctrl_c_ends_the_run(tmp_path: Path) -> None:
    files = long_work(tmp_path, 120)
    sent = []

    def interrupt() -> None:
        sent.append(time.perf_counter())
        os.kill(os.getpid(), signal.SIGINT)

    timer = threading.Timer(0.5, interrupt)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # shells may ignore it
    timer.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            files.compare(threads=2)
    finally:
        signal.signal(signal.SIGINT, before)
    timer.join()
    assert time.perf_counter() - sent[0] < 1 + 10 * files.seconds_each


def test_the_gil_is_released(tmp_path: Path) -> None:
    files = long_work(tmp_path, 0.6)
    running, counted = threading.Event(), 0
    running.set()

    def count() -> None:
        nonlocal counted
        while running.is_set():
            counted += 1
            time.sleep(0.001)

    thread = threading.Thread(target=count)
    thread.start()
    before = counted
    files.compare(threads=1)
    during = counted - before
    running.clear()
    thread.join()
    assert during > 20

"""`pf.evaluate` on a small generated data set.

`pytest benchmarks` checks the answer and times it; `python -m benchmarks.peers` compares with other
evaluators on real maps, and prints the tables of benchmarks/results/evaluation.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import panfuse as pf
from panfuse.formats import coco
from panfuse.scenes import street

if TYPE_CHECKING:
    from pathlib import Path

    from panfuse.scenes import Scene

IMAGES, SIZE = 20, (240, 320)


@pytest.fixture(scope="module")
def scenes() -> list[tuple[Scene, pf.Panoptic]]:
    """Streets without crowds, whose rules differ, and predictions of them."""
    streets = [street(SIZE, seed=seed, crowds=0) for seed in range(IMAGES)]
    return [(scene, scene.prediction()) for scene in streets]


@pytest.fixture(scope="module")
def folder(
    scenes: list[tuple[Scene, pf.Panoptic]], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Their files."""
    folder = tmp_path_factory.mktemp("set")
    categories = scenes[0][0].categories
    truths = [(k, scene.panoptic) for k, (scene, _) in enumerate(scenes)]
    guesses = [(k, prediction) for k, (_, prediction) in enumerate(scenes)]
    coco.write(folder / "gt.json", truths, categories=categories)
    coco.write(folder / "pred.json", guesses, categories=categories)
    return folder


def counts_by_numpy(scenes: list[tuple[Scene, pf.Panoptic]]) -> dict[int, list[float]]:
    """tp, fp, fn and the sum of IoUs of each category, by masks."""
    counts = {category.id: [0.0] * 4 for category in scenes[0][0].categories}
    for scene, prediction in scenes:
        gt, pred = np.asarray(scene.panoptic.ids), np.asarray(prediction.ids)
        truth, guess = scene.panoptic.segments, prediction.segments
        missed = dict(zip(truth.id.tolist(), truth.category_id.tolist(), strict=True))
        for one, category in zip(guess.id.tolist(), guess.category_id.tolist(), strict=True):
            mask = pred == one
            below, pixels = np.unique(gt[mask], return_counts=True)
            void = int(pixels[below == 0].sum())
            for other, shared in zip(below.tolist(), pixels.tolist(), strict=True):
                union = int(mask.sum()) + int((gt == other).sum()) - shared - void
                if missed.get(other) == category and 2 * shared > union:
                    del missed[other]
                    counts[category][0] += 1
                    counts[category][3] += shared / union
                    break
            else:
                counts[category][1] += 2 * void <= mask.sum()
        for category in missed.values():
            counts[category][2] += 1
    return counts


@pytest.mark.parametrize("protocol", ["coco", "panopticapi"])
@pytest.mark.parametrize("threads", [1, 2])
def test_evaluate(
    benchmark: Any,
    folder: Path,
    scenes: list[tuple[Scene, pf.Panoptic]],
    protocol: Any,
    threads: int,
) -> None:
    files = (folder / "gt.json", folder / "pred.json")
    result = benchmark(lambda: pf.evaluate(*files, protocol=protocol, threads=threads))
    assert_equal_answers(result, scenes)


def test_update(benchmark: Any, scenes: list[tuple[Scene, pf.Panoptic]]) -> None:
    def run() -> pf.PanopticResult:
        quality = pf.PanopticQuality(scenes[0][0].categories)
        for scene, prediction in scenes:
            quality.update(scene.panoptic, prediction)
        return quality.compute()

    assert_equal_answers(benchmark(run), scenes)


def assert_equal_answers(
    result: pf.PanopticResult, scenes: list[tuple[Scene, pf.Panoptic]]
) -> None:
    assert result.notes == []
    counts = counts_by_numpy(scenes)
    assert sum(row[0] for row in counts.values()) > 5 * IMAGES
    for category, (*expected, iou) in counts.items():
        row = result.per_class[category]
        assert [row[name] for name in ("tp", "fp", "fn")] == expected
        np.testing.assert_allclose(row["iou"], iou, rtol=1e-12)

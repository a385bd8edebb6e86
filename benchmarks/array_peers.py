"""`pf.PanopticQuality` beside torchmetrics' PanopticQuality, which both take arrays.

torchmetrics takes a (category, instance) pair per pixel, panfuse a map of ids and a list of its
segments; either gets its own form, made before the timing. The rules are the same where there are
no crowds and no void, so a category of stuff fills what the scenes leave void.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import panfuse as pf
from benchmarks.alternate import alternate, median, ratio
from panfuse.scenes import street

VOID_AS_STUFF = 19
# torchmetrics divides in float32.
TOLERANCE = 1e-6


def filled(panoptic: pf.Panoptic) -> pf.Panoptic:
    """The same with a segment of stuff where void was, and crowds as plain segments."""
    ids, segments = np.array(panoptic.ids), panoptic.segments
    new = int(segments.id.max()) + 1
    void = ids == 0
    ids[void] = new
    columns = [segments.id, segments.category_id, segments.is_thing]
    if void.any():
        columns = [
            np.append(column, value)
            for column, value in zip(columns, (new, VOID_AS_STUFF, False), strict=True)
        ]
    return pf.Panoptic(ids, pf.Segments(*columns), categories=categories())


def categories() -> pf.Categories:
    city = pf.Categories.cityscapes()
    names, things = [*city.names, "void"], [*city.is_thing.tolist(), False]
    return pf.Categories([*city.ids.tolist(), VOID_AS_STUFF], names, things)


def pairs_of(panoptic: pf.Panoptic) -> np.ndarray:
    """(H, W, 2): category and instance."""
    return np.stack([np.asarray(panoptic.semantic()), np.asarray(panoptic.ids)], -1)


def print_arrays(rounds: int, size: tuple[int, int] = (480, 640), images: int = 4) -> None:
    """Print a line of ms per image."""
    try:
        import torch
        import torchmetrics
        from torchmetrics.detection import PanopticQuality
    except ImportError as error:
        print(f"\ntorchmetrics is left out: {error}")
        return
    torch.set_num_threads(1)
    scenes = [street(size, seed=seed) for seed in range(images)]
    pairs = [(filled(scene.panoptic), filled(scene.prediction())) for scene in scenes]
    tensors = [[torch.from_numpy(pairs_of(p))[None] for p in pair] for pair in pairs]
    table = categories()

    def ours() -> Any:
        metric = pf.PanopticQuality(table)
        for gt, pred in pairs:
            metric.update(gt, pred)
        return metric.compute()

    def theirs() -> Any:
        metric = PanopticQuality(table.thing_ids, table.stuff_ids, return_sq_and_rq=True)
        for gt, pred in tensors:
            metric.update(pred, gt)
        return metric, metric.compute()

    result, (metric, answer) = ours(), theirs()
    expected = [float(value) for value in answer]
    np.testing.assert_allclose([result.pq, result.sq, result.rq], expected, rtol=TOLERANCE)
    for kind in ("true_positives", "false_positives", "false_negatives"):
        short = "".join(word[0] for word in kind.split("_"))
        got = {c: result.per_class[c][short] for c in metric.cat_id_to_continuous_id}
        want = {c: int(getattr(metric, kind)[i]) for c, i in metric.cat_id_to_continuous_id.items()}
        assert got == want, f"torchmetrics, {kind}: {got}, theirs {want}"
    times = alternate({"ours": ours, "torchmetrics": theirs}, rounds=rounds, seconds=0)
    cells = [f"{name} {1e3 * median(t) / images:.2f} ms" for name, t in times.items()]
    print(
        f"\nArrays, streets of {size[0]}x{size[1]}, one thread, per image: {', '.join(cells)} "
        f"({torchmetrics.__version__}), ours is {ratio(times, 'torchmetrics', 'ours'):.0f} times "
        "as fast"
    )

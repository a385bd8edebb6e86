"""`pf.fuse_queries` against its definition, on every instruction set and number of threads."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import panfuse as pf
from panfuse import _cpu

torch = pytest.importorskip("torch", reason="the definition computes with torch")

from tests.golden import fusion_queries as golden  # noqa: E402
from tests.reference import fusion_queries as reference  # noqa: E402

NUMBERS = {
    "smooth": lambda rng, shape: smooth(rng, shape),
    "noise": lambda rng, shape: rng.standard_normal(shape) * 4,
    "ties": lambda rng, shape: rng.integers(-2, 3, shape),
    "flat": lambda rng, shape: rng.standard_normal((shape[0], 1, 1)) + np.zeros(shape),
    "extreme": lambda rng, shape: rng.standard_normal(shape) * 60,
    "odd": lambda rng, shape: rng.choice(
        [np.nan, np.inf, -np.inf, 3e38, -3e38, 0.0, 1.0, -1.0], shape
    ),
}
RULES: dict[str | None, tuple[reference.Rules, str]] = {
    None: (reference.Rules(), "once"),
    "mask2former": (reference.Rules(), "padded"),
    "maskformer": (reference.Rules(), "padded"),
    "eomt": (reference.Rules(), "padded"),
    "hf_mask2former": (
        reference.Rules(threshold=0.5, weigh_foreground=True, write_foreground=False, single=True),
        "twice",
    ),
    "hf_detr": (
        reference.Rules(threshold=0.5, weigh_foreground=True, write_foreground=False, single=True),
        "probabilities",
    ),
    "hf_eomt": (reference.Rules(single=True), "padded"),
    "mmdet": (reference.Rules(write_foreground=False), "padded"),
    "maskdino": (reference.Rules("sigmoid_softmax", 0.06, 0.25), "padded"),
    "openseed": (reference.Rules("sigmoid_softmax", 0.06, 0.25), "padded"),
    "dvis": (reference.Rules(), "padded probabilities"),
}

AS_IDS = {"mask2former", "maskformer", "maskdino", "openseed", "dvis"}  # the project's map is ids


def smooth(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Masks with borders: a plane that slants each another way, and a little noise."""
    count, h, w = shape
    y, x = np.mgrid[:h, :w]
    slant = rng.standard_normal((count, 3, 1, 1))
    planes = slant[:, 0] * (y - h / 2) + slant[:, 1] * (x - w / 2) + slant[:, 2]
    return planes + rng.standard_normal(shape) * 0.1


def class_logits(rng: np.random.Generator, queries: int, channels: int) -> np.ndarray:
    logits = rng.standard_normal((queries, channels))
    chosen = rng.random(queries) < 0.7
    logits[chosen, rng.integers(0, channels, int(chosen.sum()))] += 6
    return logits.astype(np.float32)


def chain(name: str, masks: tuple[int, int], size: tuple[int, int], crop: int) -> Any:
    """The steps of ours, and of the definition."""
    padded = (4 * masks[0], 4 * masks[1])
    inner = (max(1, padded[0] - crop), max(1, padded[1] - crop))
    last = "prob" if "prob" in name or name == "twice" else "logit"
    ours = [pf.Resize(size, domain=last)]
    if name.startswith("padded"):
        ours.insert(0, pf.Resize(padded, crop=inner))
    elif name == "twice":
        ours.insert(0, pf.Resize((19, 23)))
    steps = [
        reference.Step(step.size, step.crop or step.size, step.align_corners, step.domain == "prob")
        for step in ours
    ]
    return ours, steps


@settings(max_examples=40)
@given(
    preset=st.sampled_from(list(RULES)),
    kind=st.sampled_from(list(NUMBERS)),
    # Three channels take another of torch's kernels, whose last bits differ.
    queries=st.integers(0, 12).filter(lambda queries: queries != 3),
    masks=st.tuples(st.integers(1, 40), st.integers(1, 44)),
    size=st.tuples(st.integers(1, 90), st.integers(1, 150)),
    crop=st.integers(0, 7),
    seed=st.integers(0, 2**32 - 1),
)
def test_as_defined(
    preset: str | None,
    kind: str,
    queries: int,
    masks: tuple[int, int],
    size: tuple[int, int],
    crop: int,
    seed: int,
) -> None:
    rng = np.random.default_rng(seed)
    rules, name = RULES[preset]
    logits = class_logits(rng, queries, 5 + (rules.score == "softmax"))
    mask_logits = NUMBERS[kind](rng, (queries, *masks)).astype(np.float32)
    ours, steps = chain(name, masks, size, crop)
    things = {0, 1, 2}
    with np.errstate(all="ignore"):
        ids, segments = reference.fuse(mask_logits, logits, steps, rules, things)
    for isa in _cpu.isa_available():
        before = _cpu.isa_current()
        _cpu.isa_use(isa)
        try:
            found = pf.fuse_queries(
                mask_logits,
                logits,
                size=size,
                things=things,
                resize=ours,
                preset=preset,
                threads=1 if isa == "baseline" else 2,
            )
        finally:
            _cpu.isa_use(before)
        np.testing.assert_array_equal(found.ids, ids)
        found.check()
        if preset in AS_IDS:
            assert found.to_original().dtype == np.int32
            np.testing.assert_array_equal(found.to_original(), ids)
        assert found.segments.category_id.tolist() == [category for category, _, _ in segments]
        assert found.segments.source_index.tolist() == [query for _, query, _ in segments]
        np.testing.assert_allclose(
            found.segments.score, [score for _, _, score in segments], rtol=1e-6
        )


@pytest.mark.parametrize("preset", golden.COMMITS)
def test_golden_originals(preset: str) -> None:
    with np.load(golden.GOLDEN) as arrays:
        assert json.loads(str(arrays["commits"])) == golden.COMMITS
        values = set()
        for seed in range(golden.SCENES):
            expected = arrays[f"{preset}_{seed}"]
            found = golden.ours(preset, golden.draw(seed))
            assert found.dtype == expected.dtype
            np.testing.assert_array_equal(found, expected)
            values |= set(np.unique(expected).tolist())
    assert len(values) > 8


@pytest.mark.parametrize("queries", [30, 140])
def test_many_queries_and_tiles(isa: str, queries: int) -> None:
    rng = np.random.default_rng(queries)
    masks = smooth(rng, (queries, 40, 60)).astype(np.float32)
    logits = np.zeros((queries, 134), np.float32)
    logits[np.arange(queries), rng.integers(0, 133, queries)] = 7 + rng.random(queries)
    ours, steps = chain("twice", (40, 60), (97, 201), 0)
    rules = RULES["hf_mask2former"][0]
    ids, _ = reference.fuse(masks, logits, steps, rules, None)
    for threads in (1, 3):
        found = pf.fuse_queries(
            masks, logits, size=(97, 201), resize=ours, preset="hf_mask2former", threads=threads
        )
        np.testing.assert_array_equal(found.ids, ids)
    out = np.full((97, 201), -1, np.int32)
    pf.fuse_queries(masks, logits, size=(97, 201), resize=ours, preset="hf_mask2former", out=out)
    np.testing.assert_array_equal(out, ids)
    with pytest.raises(ValueError, match="out: expected memory of its own"):
        pf.fuse_queries(masks, logits, size=masks.shape[1:], out=masks[0].view(np.int32))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_narrow_floats_and_strides(dtype: str) -> None:
    rng = np.random.default_rng(5)
    masks = torch.from_numpy(smooth(rng, (9, 20, 37)).astype(np.float32)).to(getattr(torch, dtype))
    logits = torch.from_numpy(class_logits(rng, 9, 6)).to(getattr(torch, dtype))
    expected = pf.fuse_queries(masks.float(), logits.float(), size=(50, 70))
    found = pf.fuse_queries(masks, logits, size=(50, 70))
    assert torch.equal(found.ids, expected.ids)
    turned = masks.permute(2, 1, 0).contiguous().permute(2, 1, 0)
    assert torch.equal(pf.fuse_queries(turned, logits, size=(50, 70)).ids, expected.ids)


def test_batch() -> None:
    rng = np.random.default_rng(6)
    masks = np.stack([smooth(rng, (7, 20, 37)) for _ in range(2)]).astype(np.float32)
    logits = np.stack([class_logits(rng, 7, 6) for _ in range(2)])
    sizes = [(40, 50), (31, 64)]
    chains = [[pf.Resize((80, 148), crop=(70, 140)), pf.Resize()], [pf.Resize()]]
    results = pf.fuse_queries(masks, logits, size=sizes, resize=chains)
    for i, found in enumerate(results):
        assert found == pf.fuse_queries(masks[i], logits[i], size=sizes[i], resize=chains[i])
    same = pf.fuse_queries(masks, logits, size=(40, 50))
    assert [found.size for found in same] == [(40, 50)] * 2


def test_decisions_and_all_void() -> None:
    masks = np.full((4, 3, 4), -3, np.float32)
    masks[0] = masks[1] = 4
    logits = np.array([[9, 0, 0], [8, 0, 0], [9, 0, 0], [0, 0, 9]], np.float32)
    found = pf.fuse_queries(masks, logits, size=(6, 8))
    assert found.decisions.names() == ["kept", "empty", "empty", "score"]
    void = pf.fuse_queries(masks, logits[[3, 3, 3, 3]], size=(6, 8))
    assert not void.ids.any()
    assert len(void.segments) == 0
    assert pf.fuse_queries(masks, logits, size=(0, 8)).ids.shape == (0, 8)


BAD: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"mask_logits": np.zeros((3, 4), np.float32)}, ValueError, "mask_logits"),
    ({"mask_logits": np.zeros((3, 4, 5), np.float32)}, ValueError, "class_logits"),
    ({"mask_logits": np.zeros((2, 0, 5), np.float32)}, ValueError, "mask_logits"),
    ({"mask_logits": np.zeros((2, 4, 5))}, TypeError, "mask_logits"),
    ({"mask_logits": [[1.0]]}, TypeError, "mask_logits"),
    ({"class_logits": np.zeros((2,), np.float32)}, ValueError, "class_logits"),
    ({"class_logits": np.zeros((2, 1), np.float32)}, ValueError, "class_logits"),
    (
        {"class_logits": np.zeros((2, 0), np.float32), "score": "sigmoid"},
        ValueError,
        "class_logits",
    ),
    ({"size": (4,)}, TypeError, "size"),
    ({"size": (-1, 4)}, ValueError, "size"),
    ({"things": {2}}, ValueError, "things"),
    ({"preset": "mask2former"}, ValueError, "things"),
    ({"preset": "mask3former"}, ValueError, "preset"),
    ({"semantic_categories": {0: 7}}, ValueError, "semantic_categories"),
    ({"resize": pf.Resize()}, TypeError, "resize"),
    ({"resize": []}, ValueError, "resize"),
    ({"resize": [(4, 5)]}, TypeError, "resize"),
    ({"resize": [pf.Resize((5, 5))]}, ValueError, "resize"),
    ({"resize": [pf.Resize(domain="prob"), pf.Resize()]}, ValueError, "resize"),
    ({"resize": [pf.Resize((4, 4), crop=(5, 4)), pf.Resize()]}, ValueError, "resize"),
    ({"score": "entropy"}, ValueError, "score"),
    ({"score": ("sigmoid_softmax", 0)}, ValueError, "score"),
    ({"threshold": "high"}, TypeError, "threshold"),
    ({"mask_threshold": 1.5}, ValueError, "mask_threshold"),
    ({"overlap_threshold": float("nan")}, ValueError, "overlap_threshold"),
    ({"reuse_ids": True}, ValueError, "reuse_ids"),
    ({"workspace": 4}, TypeError, "workspace: expected an array"),
    ({"out": np.zeros((4, 4), np.int32)}, ValueError, "out"),
    ({"out": np.zeros((4, 6), np.int64)}, TypeError, "out"),
    (
        {"class_logits": np.zeros((2, 1001), np.float32), "preset": "mmdet", "things": {0}},
        OverflowError,
        "class_logits",
    ),
    ({"max_segments": 1}, OverflowError, "max_segments"),
    ({"threads": 0}, ValueError, "threads"),
]


@pytest.mark.parametrize(("changes", "error", "name"), BAD)
def test_bad_input(changes: dict[str, Any], error: type[Exception], name: str) -> None:
    masks = np.full((2, 4, 5), -5, np.float32)
    masks[0, :2] = masks[1, 2:] = 5
    arguments: dict[str, Any] = {
        "mask_logits": masks,
        "class_logits": np.array([[9, 0, 0], [0, 9, 0]], np.float32),
        "size": (4, 6),
    }
    with pytest.raises(error, match=name):
        pf.fuse_queries(**(arguments | changes))


def test_resize_is_checked() -> None:
    with pytest.raises(ValueError, match="domain"):
        pf.Resize(domain="linear")
    with pytest.raises(ValueError, match="size"):
        pf.Resize((0, 4))
    with pytest.raises(TypeError, match="crop"):
        pf.Resize(crop=4)

"""`panfuse.integrations.detectron2` for Panoptic FPN."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from panfuse import scenes
from panfuse.integrations.detectron2 import combine_semantic_and_instance_outputs
from tests.reference import fusion_instances as reference


def test_roi_masks_and_logits_give_what_full_ones_give() -> None:
    torch = pytest.importorskip("torch")
    outputs = scenes.street((120, 200), seed=2).instances()
    size = outputs.size
    full = np.stack(
        [
            reference.paste(mask, box, size, 0.5, strict=False)
            for mask, box in zip(outputs.masks, outputs.boxes, strict=True)
        ]
    )
    labels = reference.classes(outputs.semantic_logits, size, outputs.padded_size)
    common = {
        "scores": torch.from_numpy(outputs.scores),
        "pred_classes": torch.from_numpy(outputs.category_ids),
    }
    pasted = SimpleNamespace(pred_masks=torch.from_numpy(full), **common)
    want, info = combine_semantic_and_instance_outputs(
        pasted, torch.from_numpy(labels), 0.5, 60, 0.5
    )
    roi = SimpleNamespace(
        pred_masks=torch.from_numpy(outputs.masks)[:, None],
        pred_boxes=SimpleNamespace(tensor=torch.from_numpy(outputs.boxes)),
        **common,
    )
    got, same = combine_semantic_and_instance_outputs(
        roi,
        torch.from_numpy(outputs.semantic_logits),
        0.5,
        60,
        0.5,
        size=size,
        semantic_size=outputs.padded_size,
    )
    assert isinstance(want, torch.Tensor)
    assert want.dtype == torch.int32
    assert torch.equal(want, got)
    assert info == same
    assert {record["isthing"] for record in info} == {True, False}
    for record in info:
        pixels = int((want == record["id"]).sum())
        assert pixels > 0 if record["isthing"] else pixels == record["area"] >= 60

"""What detectron2 would return, from its own kinds of tensors."""

from __future__ import annotations

import numpy as np
import pytest

from panfuse.integrations.detectron2 import panoptic_deeplab
from tests.golden import fusion_centers as golden

torch = pytest.importorskip("torch")


def test_panoptic_deeplab() -> None:
    """The segments are those of detectron2's own map."""
    with np.load(golden.GOLDEN) as maps:
        for seed in range(golden.SCENES):
            case, expected = golden.case_of(seed), maps[f"detectron2_{seed}"]
            mask = torch.from_numpy(case.foreground)[None]
            panoptic_seg, segments_info = panoptic_deeplab(
                torch.from_numpy(case.semantic)[None],
                torch.from_numpy(case.heatmap)[None],
                torch.from_numpy(case.offsets),
                case.things,
                foreground_mask=mask if golden.has_mask("detectron2", seed) else None,
                **case.knobs(),
            )
            assert isinstance(panoptic_seg, torch.Tensor)
            assert panoptic_seg.dtype == torch.int32
            ids = panoptic_seg.numpy()
            np.testing.assert_array_equal(ids == 0, expected == -1)
            assert len(segments_info) == len(np.unique(expected[expected >= 0]))
            for info in segments_info:
                values = np.unique(expected[ids == info["id"]])
                assert values.tolist() == [values[0]]
                assert values[0] // golden.DIVISOR == info["category_id"]
                assert info["area"] == (ids == info["id"]).sum()
                assert info["isthing"] == (info["category_id"] in case.things)
                assert ("score" in info) == (values[0] % golden.DIVISOR > 0)

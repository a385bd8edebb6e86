"""Run the originals of the overlay's presets beside ours, and write their golden outputs.

The originals are no part of this repository. Fetch their repositories at the commits of `COMMITS`
(detectron2, panopticapi, mmdet, seamseg, Video-K-Net, Panoptic-SegFormer) into one folder, each
under its name; the functions are taken out of their files, so that only torch, NumPy, Pillow and
pycocotools are needed::

    python -m tests.golden.fusion_instances FOLDER --scenes 3000     # compares
    python -m tests.golden.fusion_instances FOLDER --write           # writes fusion_instances.npz
"""

from __future__ import annotations

import argparse
import ast
import collections
import json
import tempfile
import types
from pathlib import Path
from typing import Any

import numpy as np

from tests.fusion import instance_scenes

GOLDEN = Path(__file__).with_suffix(".npz")
SCENES = 12  # of each preset, in the golden file
COMMITS = {
    "detectron2": "facebookresearch/detectron2@02b5c4e295e990042a714712c21dc79b731e8833",
    "panopticapi": "cocodataset/panopticapi@7bb4655548f98f3fedc07bf37e9040a992b054b0",
    "mmdet": "open-mmlab/mmdetection@0c5159285b4d69e75679c2e34a08415fe2bec8d8",
    "seamseg": "mapillary/seamseg@15bd0b2f23dd8c41812b6f1234f1b5796e3699f6",
    "knet": "lxtGH/Video-K-Net@a69340321f47824e815ea0d89cce2ac47096e8fb",
    "panoptic_segformer": "zhiqi-li/Panoptic-SegFormer@cdb9b68059e9ef825a3f7079c37aa835b1711227",
}
FILES = {
    "detectron2": "detectron2/detectron2/modeling/meta_arch/panoptic_fpn.py",
    "panopticapi": "panopticapi/panopticapi/combine_semantic_and_instance_predictions.py",
    "utils": "panopticapi/panopticapi/utils.py",
    "mmdet": "mmdetection/mmdet/models/seg_heads/panoptic_fusion_heads/heuristic_fusion_head.py",
    "seamseg": "seamseg/seamseg/utils/panoptic.py",
    "knet": "Video-K-Net/knet/det/kernel_iter_head.py",
    "panoptic_segformer": "Panoptic-SegFormer/easymd/models/panformer/panformer_head.py",
}


class Originals:
    """The originals' functions, by preset: each takes a scene and returns the project's map."""

    def __init__(self, folder: Path) -> None:
        import torch

        self.torch = torch
        self.trees = {name: ast.parse((folder / file).read_text()) for name, file in FILES.items()}

    def run(self, preset: str, case: instance_scenes.Scene) -> np.ndarray:
        result: np.ndarray = np.asarray(getattr(self, preset)(case))
        return result

    def take(self, file: str, name: str, /, **names: Any) -> Any:
        """Define one function or class of a file, without its decorators."""
        for node in ast.walk(self.trees[file]):
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name == name:
                node.decorator_list = []
                if isinstance(node, ast.FunctionDef):
                    node.returns = None
                    for argument in node.args.args:
                        argument.annotation = None
                return self.define(ast.Module([node], []), **names)[name]
        raise LookupError(name)

    def define(self, tree: ast.Module, /, **names: Any) -> dict[str, Any]:
        scope = {"torch": self.torch, "np": np, "os": __import__("os"), "copy": __import__("copy")}
        scope |= names
        exec(compile(ast.fix_missing_locations(tree), "original", "exec"), scope)
        return scope

    def tensors(self, case: instance_scenes.Scene, preset: str) -> dict[str, Any]:
        t = self.torch
        return {
            "masks": t.from_numpy(instance_scenes.foreground(case, preset)),
            "scores": t.from_numpy(case.scores),
            "labels": t.from_numpy(case.category_ids),
            "semantic": None if case.labels is None else t.from_numpy(case.labels),
        }

    def detectron2(self, case: instance_scenes.Scene) -> Any:
        combine = self.take("detectron2", "combine_semantic_and_instance_outputs")
        given = self.tensors(case, "detectron2")
        instances = types.SimpleNamespace(
            scores=given["scores"], pred_masks=given["masks"], pred_classes=given["labels"]
        )
        return combine(
            instances, given["semantic"], case.overlap, case.stuff_area, case.instance_threshold
        )[0]

    def panopticapi(self, case: instance_scenes.Scene) -> Any:
        """Its ids are random colours: they are renamed in the order of its segments."""
        from PIL import Image
        from pycocotools import mask as coco_mask

        colors = np.random.default_rng(0).choice(2**24 - 1, 16, replace=False) + 1
        categories = {
            k: {"id": k, "isthing": int(k in case.things), "color": rgb(colors[k])}
            for k in range(16)
        }
        names = {"rgb2id": self.take("utils", "rgb2id"), "id2rgb": self.take("utils", "id2rgb")}
        generator = self.take("utils", "IdGenerator", **names)
        run = self.take(
            "panopticapi",
            "combine_to_panoptic_single_core",
            COCOmask=coco_mask,
            Image=Image,
            IdGenerator=generator,
            id2rgb=names["id2rgb"],
        )
        masks = instance_scenes.foreground(case, "panopticapi")
        order = [
            k
            for k in sorted(range(len(masks)), key=lambda k: -case.scores[k])
            if not case.scores[k] < case.instance_threshold
        ]
        assert case.labels is not None
        instances = [annotation(coco_mask, masks[k], int(case.category_ids[k])) for k in order]
        stuff = [
            annotation(coco_mask, case.labels == label, int(label))
            for label in np.unique(case.labels)
            if label not in case.things
        ]
        height, width = case.labels.shape
        with tempfile.TemporaryDirectory() as folder:
            image = {"height": height, "width": width, "file_name": "a.png"}
            arguments = ({1: image}, {1: instances}, {1: stuff}, folder)
            records = run(0, [1], *arguments, case.overlap, case.stuff_area, categories)
            colored = np.asarray(Image.open(Path(folder) / "a.png")).astype(np.int64)
        ids = colored @ [1, 256, 65536]
        out = np.zeros((height, width), np.uint32)
        for place, record in enumerate(records[0]["segments_info"], 1):
            out[ids == record["id"]] = place
        return out

    def mmdet(self, case: instance_scenes.Scene) -> Any:
        tree = next(
            node
            for node in ast.walk(self.trees["mmdet"])
            if isinstance(node, ast.ClassDef) and node.name == "HeuristicFusionHead"
        )
        tree.decorator_list, tree.bases = [], []
        tree.body = [
            n for n in tree.body if getattr(n, "name", "") in ("_lay_masks", "_predict_single")
        ]
        for node in tree.body:
            assert isinstance(node, ast.FunctionDef)
            node.returns = None
            for argument in node.args.args:
                argument.annotation = None
        pixels = types.SimpleNamespace
        scope = self.define(ast.Module([tree], []), INSTANCE_OFFSET=1000, PixelData=pixels)
        head = scope["HeuristicFusionHead"]()
        head.num_things_classes, head.num_classes = len(case.things), len(case.things) + 8
        head.test_cfg = types.SimpleNamespace(
            mask_overlap=case.overlap, stuff_area_limit=case.stuff_area
        )
        given = self.tensors(case, "mmdet")
        kept = given["scores"] >= case.instance_threshold  # upstream of the head

        class Results(types.SimpleNamespace):
            def __len__(self) -> int:
                return len(self.scores)

        results = Results(
            bboxes=self.torch.zeros(int(kept.sum()), 4),
            scores=given["scores"][kept],
            labels=given["labels"][kept],
            masks=given["masks"][kept],
        )
        logits = self.torch.nn.functional.one_hot(given["semantic"], 9).permute(2, 0, 1)
        return head._predict_single(results, logits).sem_seg[0]

    def seamseg(self, case: instance_scenes.Scene) -> Any:
        plain = self.torch.Tensor

        class Old(plain):  # type: ignore[misc, valid-type]
            """A tensor of torch 1.1, whose masks are uint8."""

            def __gt__(self, other: Any) -> Any:
                return super().__gt__(other).to(given_torch.uint8)

            def __setitem__(self, where: Any, value: Any) -> None:
                super().__setitem__(where.bool(), value)

        given_torch = self.torch
        masks = self.torch.from_numpy(case.masks).as_subclass(Old)
        processing = self.take(
            "seamseg",
            "PanopticPreprocessing",
            Empty=type("Empty", (Exception,), {}),
            invert_roi_bbx=lambda *_: None,
            # Masks are given in full, before the sampling that is another op's affair.
            roi_sampling=lambda given, *_args, **_names: masks[given[:, 0, 0, 0].long()][:, None],
        )(case.instance_threshold, case.overlap, case.stuff_area)
        given = self.tensors(case, "seamseg")

        class Tags:
            """Stands for logits: their sigmoid names the masks."""

            def __init__(self, rows: Any) -> None:
                self.rows = rows
                self.shape = (len(rows), 1, 1)
                self.device = rows.device

            def __getitem__(self, kept: Any) -> Tags:
                return Tags(self.rows[kept])

            def size(self, _axis: int) -> int:
                return len(self.rows)

            def unsqueeze(self, _axis: int) -> Tags:
                return self

            def sigmoid(self) -> Any:
                return self.rows[:, None, None, None]

        tags = Tags(self.torch.arange(len(masks)))
        boxes = self.torch.zeros(len(masks), 4)
        labels = given["labels"] - 5  # seamseg numbers things from 0, after 5 stuff classes
        semantic = given["semantic"].as_subclass(Old)
        return processing(semantic, boxes, labels, given["scores"], tags, 5)[0]

    def knet(self, case: instance_scenes.Scene) -> Any:
        merge = self.take("knet", "merge_stuff_thing")
        given = self.tensors(case, "knet")
        is_thing = self.torch.tensor([int(k) in case.things for k in case.category_ids], dtype=bool)
        parts = [
            given[name][rows]
            for rows in (is_thing, ~is_thing)
            for name in ("masks", "labels", "scores")
        ]
        config = types.SimpleNamespace(
            instance_score_thr=case.instance_threshold,
            iou_thr=case.overlap,
            stuff_max_area=case.stuff_area,
        )
        return merge(None, *parts, config)[0]

    def panoptic_segformer(self, case: instance_scenes.Scene) -> Any:
        """The statements of the head's method from the masks on, which is no function there."""
        body = next(
            node.body
            for node in ast.walk(self.trees["panoptic_segformer"])
            if isinstance(node, ast.For) and "seg_all = masks_all > 0.5" in ast.unparse(node)
        )
        texts = [ast.unparse(node) for node in body]
        start = texts.index("seg_all = masks_all > 0.5")
        stop = next(i for i, node in enumerate(body) if isinstance(node, ast.For) and i > start)
        kept = [
            node
            for node, text in zip(body[start : stop + 1], texts[start : stop + 1], strict=True)
            if "torch.cat" not in text
        ]
        given = self.tensors(case, "panoptic_segformer")
        category = given["labels"]
        thing = self.torch.tensor([int(k) in case.things for k in category], dtype=bool)
        settings = types.SimpleNamespace(
            quality_threshold_things=case.instance_threshold,
            quality_threshold_stuff=case.instance_threshold,
            overlap_threshold_things=case.overlap[0],
            overlap_threshold_stuff=case.overlap[1],
            cat_dict=[{"id": k % 80} for k in range(160)],
        )
        masks = self.torch.from_numpy(case.masks)
        scope = self.define(
            ast.Module(kept, []),
            self=settings,
            masks_all=masks,
            mask_pred=masks,
            scores_all=given["scores"].clone(),
            labels_all=self.torch.where(thing, category, category + 80),
            bboxes_all=self.torch.zeros(len(masks), 5),
        )
        return scope["results"].permute(1, 2, 0)


def rgb(color: int) -> list[int]:
    return [int(color) % 256, int(color) // 256 % 256, int(color) // 65536]


def annotation(coco_mask: Any, mask: np.ndarray, category: int) -> dict[str, Any]:
    segmentation = coco_mask.encode(np.asfortranarray(mask, np.uint8))
    return {"segmentation": segmentation, "category_id": category}


def draw(preset: str, seed: int) -> instance_scenes.Scene:
    """Scores differ, since the originals leave the order of equal ones open."""
    return instance_scenes.scene(np.random.default_rng(seed), preset, ties=False)


def compare(originals: Originals, preset: str, scenes: int) -> int:
    """Count the scenes that differ, and say what was seen."""
    seen: collections.Counter[str] = collections.Counter()
    for seed in range(scenes):
        case = draw(preset, seed)
        want = originals.run(preset, case)
        ours = instance_scenes.fused(case, preset)
        got = ours.to_original()
        seen["scenes"] += 1
        seen.update(ours.decisions.names())
        seen["differing pixels"] += int((want != got).sum())
        if want.dtype != got.dtype or not np.array_equal(want, got):
            seen["differing scenes"] += 1
            print(f"{preset}: scene {seed} differs")
    print(preset, json.dumps(seen))
    return seen["differing scenes"]


def write(originals: Originals) -> None:
    arrays = {"commits": np.array(json.dumps(COMMITS))}
    for preset in COMMITS:
        for seed in range(SCENES):
            arrays[f"{preset}.{seed}"] = originals.run(preset, draw(preset, seed))
    np.savez_compressed(GOLDEN, **arrays)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--scenes", type=int, default=300)
    parser.add_argument("--preset", choices=COMMITS, help="compare this one alone")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    originals = Originals(options.folder)
    if options.write:
        write(originals)
        return
    presets = [options.preset] if options.preset else COMMITS
    raise SystemExit(sum(compare(originals, name, options.scenes) for name in presets) > 0)


if __name__ == "__main__":
    main()

"""`contingency`, `match` and `rle.encode_ids` on a GPU, beside the memory floor, CuPy and torch.

``python -m benchmarks.bench_gpu FILE.json`` compares every answer with the CPU's and the peers',
times each case and writes the numbers to the file. benchmarks/on_device.sh runs it.
"""

from __future__ import annotations

import argparse
import datetime
import json
import platform
import statistics
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

import panfuse as pf
from benchmarks.maps import coco_pair, noise_pair, street_pair

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROUNDS, WARM_UPS = 30, 5
COPY_BYTES = 1 << 30
FLUSH_BYTES = 1 << 28  # several times the L2 cache of any GPU
FLUSH_KERNEL = "flush_the_cache"

METHOD = (
    f"Medians over {ROUNDS} rounds after {WARM_UPS} warm-ups; kernel_ms is a mean. Before each "
    f"round {FLUSH_BYTES >> 20} MiB are written, which pushes the inputs out of the L2 cache. ms: "
    "CUDA events around the call, with outputs as the API allocates them from a warm pool; a call "
    "waits for the sizes of its columns, so this holds the host's part after the wait. kernel_ms: "
    "its kernels, memsets and copies alone, by torch's profiler. call_ms: the Python call until "
    "the device is idle. floor_ms: bytes in and out at copy_gb_s, the rate of a large copy, which "
    "counts bytes read and written. peer_ms: the faster peer, by events likewise; the answer of a "
    "counting peer is a part of ours (no labels, no areas), and so is that of encode_ids' peer (no "
    "counts, no boxes)."
)

Pair = tuple[np.ndarray, np.ndarray]


class Case(NamedTuple):
    """A pair of maps, or of batches of maps."""

    name: str
    make: Callable[[], Pair | None]
    batched: bool = False


class Gpu:
    """CuPy and, where it is there, torch, on one device and its default stream."""

    def __init__(self) -> None:
        import cupy

        self.cupy = cupy
        try:
            import torch
        except ImportError:
            self.torch: Any = None
        else:
            self.torch = torch if torch.cuda.is_available() else None
        if self.torch is not None:
            self.torch.cuda.init()
        self.flushed = cupy.empty(FLUSH_BYTES, dtype=cupy.uint8)
        self.write_ones = cupy.ElementwiseKernel("", "uint8 x", "x = 1", FLUSH_KERNEL)
        self.copy_rate = self.measure_copy_rate()

    def measure_copy_rate(self) -> float:
        """Bytes read and written a second by a large copy on the device."""
        source = self.cupy.zeros(COPY_BYTES, dtype=self.cupy.uint8)
        target = self.cupy.zeros(COPY_BYTES, dtype=self.cupy.uint8)

        def copy() -> None:
            target.data.copy_from_device_async(source.data, COPY_BYTES)

        return 2 * COPY_BYTES / (1e-3 * self.device_ms(copy))

    def flush(self) -> None:
        """Push whatever was used last out of the L2 cache."""
        self.write_ones(self.flushed)

    def device_ms(self, call: Callable[[], Any]) -> float:
        """Time between events before and after the call, in the default stream."""
        cuda = self.cupy.cuda
        begin, end = cuda.Event(), cuda.Event()
        times = []
        for turn in range(WARM_UPS + ROUNDS):
            self.flush()
            begin.record()
            call()
            end.record()
            end.synchronize()
            if turn >= WARM_UPS:
                times.append(cuda.get_elapsed_time(begin, end))
        return statistics.median(times)

    def call_ms(self, call: Callable[[], Any]) -> float:
        """Time of the Python call until the device is idle."""
        device = self.cupy.cuda.Device()
        times = []
        for turn in range(WARM_UPS + ROUNDS):
            self.flush()
            device.synchronize()
            begin = time.perf_counter()
            call()
            device.synchronize()
            if turn >= WARM_UPS:
                times.append(1e3 * (time.perf_counter() - begin))
        return statistics.median(times)

    def kernel_ms(self, call: Callable[[], Any]) -> float | None:
        """Time of what the call puts on the device; None without torch's profiler."""
        if self.torch is None:
            return None
        profiler = self.torch.profiler
        if profiler.ProfilerActivity.CUDA not in profiler.supported_activities():
            return None
        synchronize = self.cupy.cuda.Device().synchronize
        synchronize()
        with profiler.profile(activities=[profiler.ProfilerActivity.CUDA]) as trace:
            for _ in range(ROUNDS):
                self.flush()
                call()
            synchronize()
        microseconds = sum(
            event.self_device_time_total
            for event in trace.key_averages()
            if event.device_type == self.torch.autograd.DeviceType.CUDA
            and FLUSH_KERNEL not in event.key
        )
        return microseconds / ROUNDS / 1e3 or None

    def floor_ms(self, arrays: list[Any]) -> float:
        """Time to move the arrays' bytes once."""
        return 1e3 * sum(array.nbytes for array in arrays) / self.copy_rate

    def describe(self) -> dict[str, Any]:
        """Say on what the numbers were taken."""
        runtime = self.cupy.cuda.runtime
        properties = runtime.getDeviceProperties(self.cupy.cuda.Device().id)
        name = properties["name"]
        return {
            "device": name.decode() if isinstance(name, bytes) else name,
            "driver": driver_version(),
            "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            "versions": {
                "panfuse": version_of("panfuse"),
                "panfuse kernels": pf.backends()["cuda"].detail,
                "commit": output_of("git", "rev-parse", "HEAD"),
                "CUDA of the driver": runtime.driverGetVersion(),
                "CUDA of CuPy": runtime.runtimeGetVersion(),
                "cupy": self.cupy.__version__,
                "torch": None if self.torch is None else self.torch.__version__,
                "numpy": np.__version__,
                "python": platform.python_version(),
            },
            "copy_gb_s": self.copy_rate / 1e9,
            "method": METHOD,
        }


def output_of(*command: str) -> str | None:
    """The first line that a command prints, or None where it cannot run."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip().partition("\n")[0] or None


def driver_version() -> str | None:
    """The version of NVIDIA's driver."""
    return output_of("nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader")


def version_of(package: str) -> str:
    """The installed version of a package."""
    from importlib.metadata import version

    return version(package)


def cases() -> Iterator[Case]:
    """Every pair of maps that is measured."""
    sizes = (480, 640), (1024, 2048), (2048, 4096)
    for dtype in ("int32", "uint8"):
        for size in sizes:
            for kind, make in (("street", street_pair), ("COCO", coco_pair)):
                name = f"{kind} {size[0]}x{size[1]} {dtype}"
                yield Case(name, lambda make=make, s=size, d=dtype: make(s, d))
    yield Case("street 1024x2048 int64", lambda: street_pair((1024, 2048), "int64"))
    for high in (2, 4096, 2**31 - 1):
        name = f"noise below {high}, 1024x2048 int32"
        yield Case(name, lambda h=high: noise_pair((1024, 2048), "int32", h))
    yield Case("street 256x256 int32", lambda: street_pair((256, 256), "int32"))
    yield Case("a batch of 50 streets 256x256 int32", street_batch, batched=True)


def street_batch() -> Pair:
    """Ten streets, five times each."""
    pairs = [street_pair((256, 256), "int32", seed) for seed in range(1, 11)]
    gt, pred = (np.stack(maps * 5) for maps in zip(*pairs, strict=True))
    return gt, pred


def id_bits(gt: Any, pred: Any) -> int:
    """Bits that each side has in a peer's key: 31, or less with items of a batch above them."""
    assert int(gt.min()) >= 0
    assert int(pred.min()) >= 0
    return max(int(gt.max()).bit_length(), int(pred.max()).bit_length(), 1)


def counting_peers(gpu: Gpu, gt: Any, pred: Any, batched: bool) -> dict[str, Callable[[], Any]]:
    """Sort and count 64-bit keys of (item, gt id, pred id): the usual way, packing included."""
    bits = id_bits(gt, pred)
    items = None
    if batched:
        assert 2 * bits + len(gt).bit_length() < 64
        items = gpu.cupy.arange(len(gt), dtype=gpu.cupy.int64)[:, None, None]

    def by_cupy() -> Any:
        key = (gt.astype(gpu.cupy.int64) << bits) | pred.astype(gpu.cupy.int64)
        if items is not None:
            key = key | (items << (2 * bits))
        return gpu.cupy.unique(key, return_counts=True)

    peers = {"cupy.unique": by_cupy}
    if gpu.torch is None:
        return peers
    torch = gpu.torch
    torch_gt, torch_pred = torch.from_dlpack(gt), torch.from_dlpack(pred)
    torch_items = None if items is None else torch.from_dlpack(items)

    def by_torch() -> Any:
        key = (torch_gt.long() << bits) | torch_pred.long()
        if torch_items is not None:
            key = key | (torch_items << (2 * bits))
        return torch.unique(key, return_counts=True)

    return peers | {"torch.unique": by_torch}


def assert_equal_counts(tables: list[Any], answer: Any, bits: int) -> None:
    """Compare a peer's keys and counts with ours."""
    keys = [
        (item << (2 * bits))
        | (table.gt_ids.get().astype(np.int64) << bits)
        | table.pred_ids.get().astype(np.int64)
        for item, table in enumerate(tables)
    ]
    counts = [table.counts.get() for table in tables]
    for ours, theirs in zip((keys, counts), answer, strict=True):
        theirs = theirs.get() if hasattr(theirs, "get") else theirs.cpu().numpy()
        np.testing.assert_array_equal(np.concatenate(ours), theirs)


def assert_equal_records(ours: Any, cpus: Any) -> None:
    """Compare every column with the CPU's, bit for bit."""
    for name in type(ours).__slots__:
        expected = getattr(cpus, name)
        column = getattr(ours, name).get()
        assert column.dtype == expected.dtype, name
        np.testing.assert_array_equal(column, expected, err_msg=name)


def matching_by_cupy(cupy: Any, table: Any) -> tuple[Any, ...]:
    """Match above an IoU of one half, void of gt left out, with CuPy's array operations."""
    gt = cupy.searchsorted(table.gt_labels, table.gt_ids)
    pred = cupy.searchsorted(table.pred_labels, table.pred_ids)
    in_void = cupy.zeros(table.pred_labels.shape, dtype=cupy.int64)
    void_rows = table.gt_ids == 0
    in_void[pred[void_rows]] = table.counts[void_rows]
    union = table.gt_areas[gt] + table.pred_areas[pred] - table.counts - in_void[pred]
    segments = ~void_rows & (table.pred_ids != 0)
    iou = table.counts / cupy.where(segments, union, 1)
    matched = cupy.flatnonzero(segments & (iou > 0.5))
    gt_left, pred_left = table.gt_labels != 0, table.pred_labels != 0
    gt_left[gt[matched]] = False
    pred_left[pred[matched]] = False
    return (
        table.gt_ids[matched],
        table.pred_ids[matched],
        iou[matched],
        table.counts[matched],
        union[matched],
        table.gt_labels[gt_left],
        table.pred_labels[pred_left],
    )


def runs_by_cupy(cupy: Any, ids: Any) -> tuple[np.ndarray, ...]:
    """Ids, starts and lengths of the runs down columns, sorted by id, with CuPy's operations."""
    flat = ids.T.ravel()
    changes = cupy.flatnonzero(flat[1:] != flat[:-1]) + 1
    starts = cupy.concatenate([cupy.zeros(1, changes.dtype), changes])
    stops = cupy.concatenate([changes, cupy.full(1, flat.size, changes.dtype)])
    values = flat[starts]
    order = cupy.argsort(values)
    order = order[values[order] != 0]
    return tuple(column[order].get() for column in (values, starts, stops - starts))


def run_ids(gpu: Gpu, case: Case, host_maps: np.ndarray, maps: Any) -> dict[str, Any]:
    """`encode_ids` of a map, or of a batch."""

    def encode() -> Any:
        return pf.rle.encode_ids(maps, batched=case.batched)

    def by_cupy() -> list[tuple[np.ndarray, ...]]:
        return [runs_by_cupy(gpu.cupy, ids) for ids in (maps if case.batched else [maps])]

    found, expected = encode(), pf.rle.encode_ids(host_maps, batched=case.batched)
    assert found == expected
    for rles, (values, _, lengths) in zip(
        found if case.batched else [found], by_cupy(), strict=True
    ):
        ids, rows = np.unique(values, return_inverse=True)
        np.testing.assert_array_equal(rles.ids, ids)
        np.testing.assert_array_equal(rles.areas, np.bincount(rows, lengths).astype(np.int64))
    peers = {"CuPy's array operations": by_cupy}
    return measure(gpu, "encode_ids", case, encode, [maps], peers)


def measure(
    gpu: Gpu,
    op: str,
    case: Case,
    call: Callable[[], Any],
    moved: list[Any],
    peers: dict[str, Callable[[], Any]],
) -> dict[str, Any]:
    """Time one op and its peers, whose answers have been compared."""
    ms = gpu.device_ms(call)
    peer_ms = {name: gpu.device_ms(peer) for name, peer in peers.items()}
    peer = min(peer_ms, key=lambda name: peer_ms[name])
    result = {
        "op": op,
        "case": case.name,
        "size": list(moved[0].shape),
        "ms": ms,
        "kernel_ms": gpu.kernel_ms(call),
        "call_ms": gpu.call_ms(call),
        "floor_ms": gpu.floor_ms(moved),
        "peer": peer,
        "peer_ms": peer_ms[peer],
        "peers": peer_ms,
    }
    kernels = result["kernel_ms"]
    print(
        f"{op:<12} {case.name:<38} {ms:8.4f} ms, "
        f"kernels {'-' if kernels is None else format(kernels, '.4f')}, "
        f"call {result['call_ms']:.4f}, floor {result['floor_ms']:.4f}, "
        f"{peer} {peer_ms[peer]:.4f}",
        flush=True,
    )
    return result


def columns_of(*records: Any) -> list[Any]:
    """All columns of tables or matches."""
    return [getattr(record, name) for record in records for name in type(record).__slots__]


def run_case(gpu: Gpu, case: Case) -> Iterator[dict[str, Any]]:
    """All ops on one pair of maps; `match` of single maps only, `encode_ids` of no noise."""
    pair = case.make()
    if pair is None:
        print(f"{case.name}: no real data beside the checkout", flush=True)
        return
    gt, pred = (gpu.cupy.asarray(array) for array in pair)

    def count() -> Any:
        return pf.contingency(gt, pred, batched=case.batched)

    tables = count() if case.batched else [count()]
    expected = pf.contingency(*pair, batched=case.batched)
    for table, cpus in zip(tables, expected if case.batched else [expected], strict=True):
        assert_equal_records(table, cpus)
    peers = counting_peers(gpu, gt, pred, case.batched)
    for peer in peers.values():
        assert_equal_counts(tables, peer(), id_bits(gt, pred))
    yield measure(gpu, "contingency", case, count, [gt, pred, *columns_of(*tables)], peers)
    if not case.name.startswith("noise"):
        yield run_ids(gpu, case, pair[0], gt)
    if case.batched:
        return

    (table,) = tables
    matches = pf.match(table)
    assert_equal_records(matches, pf.match(expected))
    by_cupy = {"CuPy's array operations": lambda: matching_by_cupy(gpu.cupy, table)}
    for ours, theirs in zip(columns_of(matches), matching_by_cupy(gpu.cupy, table), strict=True):
        np.testing.assert_array_equal(ours.get(), theirs.get())
    moved = [*columns_of(table), *columns_of(matches)]
    yield measure(gpu, "match", case, lambda: pf.match(table), moved, by_cupy)


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("file", type=Path, help="where the numbers go, as JSON")
    file = parser.parse_args().file
    gpu = Gpu()
    record: dict[str, Any] = gpu.describe()
    record["results"] = []
    for case in cases():
        for result in run_case(gpu, case):
            record["results"].append(result)
            # Anew after each, so that what was measured is kept should a later case fail.
            file.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

"""Whatever has DLPack on the CPU comes in; what lies about its memory is refused, and freed."""

from __future__ import annotations

import ctypes
import gc
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import panfuse as pf
from tests.interop import producers
from tests.interop.producers import OldProducer, Producer
from tests.interop.tables import (
    COLUMNS,
    DTYPES,
    assert_counts,
    assert_matches,
    label_map,
    label_maps,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

PROTOCOLS = {"versioned": Producer, "old": OldProducer}


@pytest.fixture(params=PROTOCOLS)
def protocol(request: pytest.FixtureRequest) -> type[Producer]:
    return PROTOCOLS[request.param]


@pytest.fixture(autouse=True)
def everything_is_given_back() -> Iterator[None]:
    before = producers.alive()
    yield
    if producers.alive() != before:
        gc.collect()
    assert producers.alive() == before


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype(protocol: type[Producer], dtype: str) -> None:
    gt, pred = label_maps(dtype=dtype)
    table = pf.contingency(protocol(gt), protocol(pred))
    assert all(type(getattr(table, name)) is np.ndarray for name in COLUMNS)
    assert_counts(table, gt, pred)


LAYOUTS = {
    "C": lambda x: x,
    "Fortran": np.asfortranarray,
    "transposed": lambda x: x.transpose(2, 0, 1),
    "reversed": lambda x: x[::-1, :, ::-1],
    "every second": lambda x: x[::2, 1::2, ::3],
    "broadcast": lambda x: np.broadcast_to(x[:, :1], x.shape),
    "0-d": lambda x: x[0, 0, 0, ...],
    "empty": lambda x: x[:, :0],
    "32 axes": lambda x: x.reshape((6, 4, 8) + (1,) * 29),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout(protocol: type[Producer], layout: str) -> None:
    gt, pred = (LAYOUTS[layout](x) for x in label_maps((6, 4, 8), "int64"))
    assert_counts(pf.contingency(protocol(gt), protocol(pred)), gt, pred)


def test_no_strides_mean_c_order(protocol: type[Producer]) -> None:
    def forget_strides(tensor: producers.Tensor) -> None:
        tensor.strides = None

    gt, pred = label_maps((6, 4, 8))
    lent = [protocol(x, edit=forget_strides) for x in (gt, pred)]
    assert_counts(pf.contingency(*lent), gt, pred)


def test_a_byte_offset(protocol: type[Producer]) -> None:
    def move_start(tensor: producers.Tensor) -> None:
        tensor.data -= 24
        tensor.byte_offset = 24

    gt, pred = label_maps((6, 8))
    whole = [np.concatenate((np.full(6, 99, dtype=np.int32), x.ravel())) for x in (gt, pred)]
    inside = [protocol(x[6:].reshape(6, 8), edit=move_start) for x in whole]
    assert_counts(pf.contingency(*inside), gt, pred)


def test_read_only_and_copied_memory() -> None:
    gt, pred = label_maps()
    lent = Producer(gt, flags=producers.READ_ONLY), Producer(pred, flags=producers.COPIED)
    assert_counts(pf.contingency(*lent), gt, pred)


def test_what_the_producer_is_asked() -> None:
    new, old = Producer(label_map(1)), OldProducer(label_map(1))
    pf.contingency(new, old)
    assert new.calls == [{"stream": None, "max_version": (1, 0)}]
    assert old.calls == [{"stream": None, "max_version": None}]


def test_mixed_with_numpy(protocol: type[Producer]) -> None:
    gt, pred = label_maps()
    assert_counts(pf.contingency(gt, protocol(pred)), gt, pred)
    assert_counts(pf.contingency(protocol(gt), pred), gt, pred)


@pytest.mark.parametrize("device", [(producers.CPU, 1), (producers.CUDA_HOST, 0)])
def test_memory_that_the_cpu_reaches(protocol: type[Producer], device: tuple[int, int]) -> None:
    """The CPU has no index, and CUDA's pinned host memory is the host's."""
    gt, pred = label_maps()
    assert_counts(pf.contingency(protocol(gt, device=device), pred), gt, pred)
    assert_counts(pf.contingency(gt, protocol(pred, device=device)), gt, pred)


@pytest.mark.parametrize("kind", [producers.METAL, producers.ROCM, 0, 99])
def test_other_devices_are_refused(kind: int) -> None:
    array = label_map(1)
    lent = Producer(array, device=(kind, 3))
    for arguments, name in ((lent, array), "gt"), ((array, lent), "pred"):
        with pytest.raises(
            TypeError, match=rf"{name}: expected .* got DLPack device \({kind}, 3\)"
        ):
            pf.contingency(*arguments)
    assert lent.calls == []


def test_a_capsule_that_lies_elsewhere_than_its_producer_says() -> None:
    def to_device(tensor: producers.Tensor) -> None:
        tensor.device = producers.Device(producers.CUDA, 1)

    lent = Producer(label_map(1), edit=to_device)
    with pytest.raises(ValueError, match="gt: expected an array on the CPU, got one on CUDA dev"):
        pf.contingency(lent, lent)


def lie(name: str) -> Any:
    shape = (ctypes.c_int64 * 33)(*[1] * 33)
    big = (ctypes.c_int64 * 2)(2**40, 2**40)
    below = (ctypes.c_int64 * 2)(7, -40)

    def dtype(code: int, bits: int, lanes: int = 1) -> Any:
        return lambda tensor: setattr(tensor, "dtype", producers.DataType(code, bits, lanes))

    def axes(n: int, values: Any) -> Any:
        def edit(tensor: producers.Tensor) -> None:
            tensor.ndim, tensor.strides = n, None
            tensor.shape = ctypes.cast(values, ctypes.POINTER(ctypes.c_int64))

        return edit

    return {
        "lanes": (dtype(producers.INT, 32, 2), TypeError, "got int32"),
        "no lanes": (dtype(producers.INT, 32, 0), TypeError, "got int32"),
        "4 bits": (dtype(producers.UINT, 4), TypeError, "got uint4"),
        "no bits": (dtype(producers.UINT, 0), TypeError, "got uint0"),
        "12 bits": (dtype(producers.UINT, 12), TypeError, "got uint12"),
        "128 bits": (dtype(producers.INT, 128), TypeError, "got int128"),
        "wide bool": (dtype(producers.BOOL, 32), TypeError, "got bool32"),
        "float": (dtype(producers.FLOAT, 32), TypeError, "got float32"),
        "bfloat": (dtype(producers.BFLOAT, 16), TypeError, "got bfloat16"),
        "complex": (dtype(producers.COMPLEX, 64), TypeError, "got complex64"),
        "opaque": (dtype(producers.OPAQUE, 64), TypeError, "got opaque64"),
        "newer type": (dtype(14, 8), TypeError, "got type8"),
        "33 axes": (axes(33, shape), ValueError, "at most 32 axes, got 33"),
        "-1 axes": (axes(-1, shape), ValueError, "at most 32 axes, got -1"),
        "length -40": (axes(2, below), ValueError, "length 0 or more, got -40"),
        "2^80 elements": (axes(2, big), ValueError, "fewer than 2.63 elements"),
        "no memory": (lambda tensor: setattr(tensor, "data", None), ValueError, "no memory"),
    }[name]


LIES = (
    "lanes", "no lanes", "4 bits", "no bits", "12 bits", "128 bits", "wide bool", "float", "bfloat",
    "complex", "opaque", "newer type", "33 axes", "-1 axes", "length -40", "2^80 elements",
    "no memory",
)  # fmt: skip


@pytest.mark.parametrize("name", LIES)
def test_what_cannot_be_read_is_refused_and_freed(protocol: type[Producer], name: str) -> None:
    edit, error, message = lie(name)
    honest, liar = Producer(label_map(1)), protocol(label_map(2), edit=edit)
    with pytest.raises(error, match=f"^gt: .*{message}"):
        pf.contingency(liar, honest)
    with pytest.raises(error, match=f"^pred: .*{message}"):
        pf.contingency(honest, liar)
    gc.collect()
    assert liar.deleted == len(liar.calls) == 2
    assert honest.deleted == len(honest.calls)


def test_a_version_of_dlpack_with_another_layout() -> None:
    lent = Producer(label_map(1), version=(2, 0))
    with pytest.raises(TypeError, match="gt: expected DLPack 1, got DLPack 2"):
        pf.contingency(lent, lent)
    gc.collect()
    assert lent.deleted == 1
    newer = Producer(label_map(1), version=(1, 9))
    assert pf.contingency(newer, newer).counts.sum() == label_map(1).size


def test_memory_is_given_back_once(protocol: type[Producer]) -> None:
    gt, pred = label_maps()
    lent = [protocol(x, keep_capsule=True) for x in (gt, pred)]
    assert_counts(pf.contingency(*lent), gt, pred)
    for producer in lent:
        assert producer.deleted == 1
        assert producers.capsule_name(producer.capsule).startswith("used_dltensor")
        producer.capsule = None
    gc.collect()
    assert [producer.deleted for producer in lent] == [1, 1]


def test_memory_is_given_back_when_the_call_fails(protocol: type[Producer]) -> None:
    gt = protocol(label_map(1), keep_capsule=True)
    with pytest.raises(ValueError, match="one shape"):
        pf.contingency(gt, protocol(label_map(1)[1:]))
    with pytest.raises(TypeError, match="pred: expected integers"):
        pf.contingency(gt, np.zeros((7, 40)))
    assert gt.deleted == 2
    assert producers.capsule_name(gt.capsule).startswith("used_dltensor")


def test_memory_that_needs_no_giving_back(protocol: type[Producer]) -> None:
    gt, pred = label_maps()
    lent = protocol(gt, borrowed=True)
    assert_counts(pf.contingency(lent, pred), gt, pred)
    assert lent.deleted == 0
    producers.forget_borrowed()


@pytest.mark.parametrize("junk", [None, 5, "dltensor", b"", object(), [1, 2]])
def test_junk_for_a_capsule(junk: object) -> None:
    class Junk(Producer):
        def __dlpack__(self, **_: Any) -> Any:
            return junk

    array = label_map(1)
    with pytest.raises(TypeError, match=r"gt: Junk\.__dlpack__ returned no DLPack capsule"):
        pf.contingency(Junk(array), array)


def test_a_capsule_that_was_used_before() -> None:
    class Twice(Producer):
        def __dlpack__(self, **options: Any) -> Any:
            return self.capsule or super().__dlpack__(**options)

    lent = Twice(label_map(1), keep_capsule=True)
    with pytest.raises(TypeError, match=r"pred: Twice\.__dlpack__ returned no DLPack capsule"):
        pf.contingency(lent, lent)
    assert lent.deleted == 1


@pytest.mark.parametrize("error", [BufferError, RuntimeError, TypeError, KeyboardInterrupt])
def test_what_a_producer_raises_comes_through(error: type[BaseException]) -> None:
    class Refusing(Producer):
        def __dlpack__(self, *, stream: Any = None, max_version: Any = None) -> Any:
            raise error("not today")

    array = label_map(1)
    good = Producer(array)
    with pytest.raises(error, match="not today"):
        pf.contingency(good, Refusing(array))
    assert good.deleted == 1


def test_no_dlpack_device() -> None:
    class Homeless:
        def __dlpack__(self, **_: Any) -> Any:
            raise AssertionError("nobody may ask")

    with pytest.raises(TypeError, match="pred: Homeless has __dlpack__ but no __dlpack_device__"):
        pf.contingency(label_map(1), Homeless())


@pytest.mark.parametrize("device", [None, 1, (1,), (1, 0, 0), ("cpu", 0), "cpu"])
def test_junk_for_a_device(device: Any) -> None:
    class Lost(Producer):
        def __dlpack_device__(self) -> Any:
            return device

    with pytest.raises(TypeError, match=r"gt: expected two integers from Lost\.__dlpack_dev"):
        pf.contingency(Lost(label_map(1)), label_map(1))


def test_a_type_is_no_array() -> None:
    with pytest.raises(TypeError, match="gt: expected an array, got the type Producer"):
        pf.contingency(Producer, Producer)


@pytest.mark.parametrize("dtype", DTYPES)
def test_array_api_strict(dtype: str) -> None:
    strict = pytest.importorskip("array_api_strict")
    gt, pred = label_maps(dtype=dtype)

    def get(column: Any) -> np.ndarray:
        assert type(column) is type(strict.asarray(0))
        return np.from_dlpack(column)

    table = pf.contingency(strict.asarray(gt), strict.asarray(pred))
    assert_counts(table, gt, pred, get)
    assert_matches(pf.match(table), gt, pred, get)
    assert_counts(pf.contingency(strict.asarray(gt), pred), gt, pred, get)
    assert_counts(pf.contingency(gt, strict.asarray(pred)), gt, pred)


def test_array_api_strict_on_a_named_device() -> None:
    strict = pytest.importorskip("array_api_strict")
    device = strict.Device("device1")
    gt = strict.asarray(label_map(1), device=device)
    table = pf.contingency(gt, gt)
    assert {getattr(table, name).device for name in COLUMNS} == {device}


def test_array_api_strict_floats() -> None:
    strict = pytest.importorskip("array_api_strict")
    floats = strict.zeros((2, 3), dtype=strict.float32)
    with pytest.raises(TypeError, match=r"gt: expected integers or bool, got .*float32"):
        pf.contingency(floats, floats)

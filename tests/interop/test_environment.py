"""What environment variables do, what is imported, and what the package says of itself."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

import panfuse as pf
from panfuse import _cpu
from tests.interop.calls import run_program
from tests.interop.tables import assert_counts, label_map, label_maps

needs_proc = pytest.mark.skipif(
    not Path("/proc/self/task").is_dir(), reason="threads are counted in /proc"
)


def large() -> np.ndarray:
    """A map that is worth a second thread."""
    return label_map(1, (1500, 1500))


@pytest.mark.parametrize("value", ["0", "-1", "two", "1.5", "2 ", "99999999999", " "])
def test_a_bad_number_of_threads(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("PANFUSE_THREADS", value)
    told = f"PANFUSE_THREADS: expected a positive number, got '{value}'"
    with pytest.raises(ValueError, match=told):
        pf.contingency(large(), large())


@pytest.mark.parametrize("value", ["", "1", "2", "500"])
def test_numbers_of_threads(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("PANFUSE_THREADS", value)
    assert_counts(pf.contingency(large(), large()), large(), large())


COUNT_THREADS = """
import os, sys, threading, numpy as np, panfuse as pf

rng = np.random.default_rng(0)
gt, pred = (np.broadcast_to(rng.integers(0, 200, 4096), (8192, 4096)) for _ in range(2))
most, over = 0, threading.Event()


def watch():
    global most
    while not over.wait(0.0005):
        most = max(most, len(os.listdir("/proc/self/task")))


watcher = threading.Thread(target=watch)
watcher.start()
quiet = len(os.listdir("/proc/self/task"))
pf.contingency(gt, pred, threads=eval(sys.argv[1]))
over.set()
watcher.join()
print(most - quiet)
"""


def further_threads(threads: int | None, **environment: str) -> int:
    text = COUNT_THREADS.replace("sys.argv[1]", repr(repr(threads)))
    done = run_program(text, OPENBLAS_NUM_THREADS="1", **environment)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


@needs_proc
def test_the_cap_on_threads() -> None:
    """It caps the default; a number that was asked for is kept."""
    usable = min(len(os.sched_getaffinity(0)), 64)  # the map is worth no more
    assert further_threads(None) == usable - 1
    assert further_threads(None, PANFUSE_THREADS="1") == 0
    assert further_threads(None, PANFUSE_THREADS=str(usable + 5)) == usable - 1
    assert further_threads(3, PANFUSE_THREADS="1") == 2


@needs_proc
def test_usable_cpus_are_those_of_the_process() -> None:
    text = f"import os; os.sched_setaffinity(0, [{min(os.sched_getaffinity(0))}])\n{COUNT_THREADS}"
    done = run_program(text.replace("sys.argv[1]", "'None'"), OPENBLAS_NUM_THREADS="1")
    assert done.stdout.strip() == "0", done.stderr


@pytest.mark.parametrize("threads", [0, -1, 1025, 2**40])
def test_bad_threads(threads: int) -> None:
    with pytest.raises(
        ValueError, match=f"threads: expected a number from 1 to 1024, got {threads}"
    ):
        pf.contingency(*label_maps(), threads=threads)


@pytest.mark.parametrize("threads", [1.0, "2", [1]])
def test_threads_that_are_no_number(threads: object) -> None:
    with pytest.raises(TypeError, match="threads: expected an integer, got"):
        pf.contingency(*label_maps(), threads=threads)  # type: ignore[call-overload]


USE = """
import numpy as np, panfuse as pf
print(pf.contingency(*[np.array([[1, 1, 2]])] * 2).counts.tolist())
print(pf.backends()["cpu"].detail)
"""


@pytest.mark.parametrize("isa", _cpu.isa_available())
def test_every_instruction_set_can_be_forced(isa: str) -> None:
    done = run_program(USE, PANFUSE_ISA=isa)
    assert done.returncode == 0, done.stderr
    counts, detail = done.stdout.splitlines()
    assert counts == "[2, 1]"
    assert detail.split()[0] == isa


def test_an_unknown_instruction_set_is_an_error_at_use() -> None:
    imported = run_program("import panfuse", PANFUSE_ISA="mmx")
    assert imported.returncode == 0, imported.stderr
    done = run_program(USE, PANFUSE_ISA="mmx")
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("ValueError: PANFUSE_ISA: 'mmx' is not one of this machine's instruct")
    assert "baseline" in last


def test_an_unknown_backend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PANFUSE_BACKEND", "gpu")
    told = "PANFUSE_BACKEND: expected one of cpu, cuda, emulated, got 'gpu'"
    with pytest.raises(ValueError, match=told):
        pf.contingency(*label_maps())


@pytest.mark.parametrize("value", ["", "cpu"])
def test_the_backend_of_host_arrays(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("PANFUSE_BACKEND", value)
    gt, pred = label_maps()
    assert_counts(pf.contingency(gt, pred), gt, pred)


def test_backends() -> None:
    states = pf.backends()
    assert list(states) == ["cpu", "cuda", "emulated"]
    for available, detail in states.values():
        assert isinstance(available, bool)
        assert detail
    assert states["cpu"].available
    assert states["cpu"].detail == f"{_cpu.isa_current()} (of {', '.join(_cpu.isa_available())})"


def test_show_config(capsys: pytest.CaptureFixture[str]) -> None:
    assert pf.show_config() is None  # type: ignore[func-returns-value]
    lines = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert lines["panfuse"] == pf.__version__
    assert lines["NumPy"] == np.__version__
    assert lines["cpu"] == pf.backends()["cpu"].detail
    for name in ("cuda", "emulated"):
        state = pf.backends()[name]
        prefix = "" if state.available else "not available: "
        assert lines[name] == prefix + state.detail
    assert {"Python", "compiler"} < set(lines)


IMPORTED = """
import sys, panfuse as pf
pf.contingency(memoryview(b"abc"), b"abc")
pf.show_config()
print(sorted({"torch", "cupy", "jax", "jaxlib", "typer", "rich", "scipy"} & set(sys.modules)))
"""


def test_what_is_not_imported() -> None:
    done = run_program(IMPORTED)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"

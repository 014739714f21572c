"""What all tests share."""

# ruff: noqa: E402 - numpy asks for the number of threads when it is imported.

import os

# Workers beside each other leave each other the processors; runs with `threads: auto` follow OMP_NUM_THREADS.
IS_WORKER = "PYTEST_XDIST_WORKER" in os.environ
if IS_WORKER:
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
else:
    os.environ.pop("OMP_NUM_THREADS", None)
# Or every process that a test starts would compile all of ntkcli anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

import gc
import importlib
import signal
import sys
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import HealthCheck, settings

from ntkcli.__main__ import main
from ntkcli.errors import SpecError
from ntkcli.interruption import ENDING
from ntkcli.kernels.activations import numerical
from ntkcli.planning.machine import multiply_rate
from ntkcli.spec.file import read_spec
from ntkcli.spec.spec import Spec

# Property tests draw the same examples everywhere, and take their time on a busy machine.
settings.register_profile(
    "ntkcli",
    deadline=None,
    derandomize=True,
    max_examples=50,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("ntkcli")


PLAIN_INFERENCE: dict[str, Any] = {"ridge": 0, "ridge_scale": "absolute"}
PLAIN_OUTPUT: dict[str, Any] = {"interval_from": "normal"}


def pytest_collection_finish() -> None:
    """Keep what all tests share from the garbage collector, which would go through it again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def signals_that_count() -> None:
    """Have the signals act that end a command, also in tests that were started in the background."""
    for number in ENDING:
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)


@pytest.fixture(scope="session", autouse=True)
def no_wait_for_the_disk() -> Iterator[None]:
    """Leave the disk out of it: no test cuts the power, and waiting for it takes half of the time of all."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: None)
        yield


@pytest.fixture(scope="session", autouse=True)
def speed_of_small_products() -> Iterator[None]:
    """Measure the machine's speed in milliseconds: how long a run takes is asked for in hundreds of tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(multiply_rate, "__defaults__", (300, 3))
        yield


@pytest.fixture(scope="session", autouse=True)
def tables_made_once() -> Iterator[None]:
    """Keep the tables of activations: most tests fit the same few rows, in less time than a table takes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(numerical, "_table", lru_cache(200)(numerical._table))
        yield


@pytest.fixture(scope="session")
def migrations_read_once() -> Iterator[None]:
    """Keep the thirty files that Optuna runs for every new study: most searches here take less time."""
    pyfiles = importlib.import_module("alembic.util.pyfiles")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pyfiles, "load_module_py", cache(pyfiles.load_module_py))
        yield


@pytest.fixture(autouse=True)
def free_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """As much as any test plans for, however much neighbours leave of the machine's."""
    monkeypatch.setattr("ntkcli.planning.machine._free_memory", lambda: 2**35)
    monkeypatch.setattr("ntkcli.planning.machine._group_limits", lambda: iter(()))


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str | bytes], Path]:
    """Write a file of the test's folder, its folders made as need be."""

    def write_file(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write_file


@pytest.fixture
def ntk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., CompletedProcess[str]]:
    """Run `ntk ARGS` in this process, from the test's folder, and see of it what a shell would."""
    monkeypatch.chdir(tmp_path)

    def run(*args: object) -> CompletedProcess[str]:
        words = ["ntk", *map(str, args)]
        monkeypatch.setattr("sys.argv", words)
        capsys.readouterr()
        handlers = {number: signal.getsignal(number) for number in (*ENDING, signal.SIGALRM)}
        unraisable = sys.unraisablehook
        try:
            with pytest.raises(SystemExit) as end:
                main()
        finally:
            # A limit that was not reached would come later, and end the tests.
            signal.setitimer(signal.ITIMER_REAL, 0)
            for number, handler in handlers.items():
                signal.signal(number, handler)
            sys.unraisablehook = unraisable
        out, err = capsys.readouterr()
        return CompletedProcess(words, end.value.code if isinstance(end.value.code, int) else 0, out, err)

    return run


@pytest.fixture
def read(tmp_path: Path) -> Callable[[str], Spec]:
    """Read a spec from its text."""

    def read_text(text: str) -> Spec:
        path = tmp_path / "spec.yaml"
        path.write_text(text, encoding="utf-8")
        return read_spec(path).spec

    return read_text


@pytest.fixture
def faults(read: Callable[[str], Spec], tmp_path: Path) -> Callable[[str], list[str]]:
    """Read a wrong spec; its faults, each as `line: what`."""

    def read_wrong(text: str) -> list[str]:
        with pytest.raises(SpecError) as refusal:
            read(text)
        lines = str(refusal.value).splitlines()
        prefix = f"{tmp_path / 'spec.yaml'}:"
        assert [line[: len(prefix)] for line in lines] == [prefix] * len(lines)
        return [line.removeprefix(prefix) for line in lines]

    return read_wrong


@pytest.fixture
def small_data(write: Callable[[str, str], Path]) -> None:
    """train.csv (14 rows) and test.csv (5 rows): features a, b, c and target y."""
    x = np.random.default_rng(5).normal(size=(19, 3)) * [1.0, 20.0, 0.3] + [0.0, 100.0, -2.0]
    y = 50.0 + 7.0 * np.sin(x[:, 0]) + 0.1 * x[:, 1]
    lines = [",".join(map(repr, row)) + "\n" for row in np.column_stack([x, y]).tolist()]
    write("train.csv", "a,b,c,y\n" + "".join(lines[:14]))
    write("test.csv", "a,b,c,y\n" + "".join(lines[14:]))


@pytest.fixture
def make_spec(small_data: None, write: Callable[[str, str], Path]) -> Callable[..., Path]:
    """Write spec.yaml for the small data, into run/; keyword arguments add to its sections.

    Without them, nothing is found from the data: there is no ridge, and intervals are normal ones.
    """

    def make(**sections: dict[str, Any]) -> Path:
        values: dict[str, dict[str, Any]] = {
            "data": {"train": "train.csv", "test": "test.csv", "target": "y"},
            "inference": PLAIN_INFERENCE,
            "output": {"dir": "run", **PLAIN_OUTPUT},
        }
        for name, section in sections.items():
            values[name] = values.get(name, {}) | section
        return write("spec.yaml", yaml.safe_dump(values, allow_unicode=True))

    return make


@pytest.fixture
def fit(
    make_spec: Callable[..., Path], ntk: Callable[..., CompletedProcess[str]], tmp_path: Path
) -> Callable[..., Path]:
    """Fit the small data by a spec with these sections, and give the run directory."""

    def fit_spec(**sections: dict[str, Any]) -> Path:
        outcome = ntk("fit", make_spec(**sections), "--overwrite", "-qq")
        assert (outcome.returncode, outcome.stderr) == (0, "")
        return tmp_path / "run"

    return fit_spec


@pytest.fixture
def predict(fit: Callable[..., Path]) -> Callable[..., pd.DataFrame]:
    """Fit the small data by a spec with these sections, and read the predictions."""

    def read(**sections: dict[str, Any]) -> pd.DataFrame:
        return pd.read_csv(fit(**sections) / "predictions.csv")

    return read

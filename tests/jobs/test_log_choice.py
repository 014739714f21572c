"""`data.log: auto` takes the logarithms that lower the leave-one-out error, and no others."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ntkcli.arrays import FloatArray
from ntkcli.data.raw_data import RawData
from ntkcli.jobs.log_choice import DEPTH, RIDGES, SIGMA_B, LogChoice, left_out_errors, with_chosen_log
from ntkcli.jobs.network import network_of
from ntkcli.journal import Journal
from ntkcli.kernels.evaluator import Evaluator
from ntkcli.kernels.executor import Threads
from ntkcli.spec.data import DataSpec
from ntkcli.spec.network import NetworkSpec

from ..lines import Lines

RNG = np.random.default_rng(8)
N = 120
RATIO, DELAY, OTHER = np.exp(RNG.normal(size=(3, N)) * [[1.2], [1.2], [0.1]])
TABLE = pd.DataFrame(
    {
        "ratio": RATIO,
        "delay": DELAY,
        "other": OTHER,
        "y": np.sin(2 * np.log(RATIO)) + DELAY + 0.05 * RNG.normal(size=N),
    }
)
Read = Callable[..., tuple[RawData, DataSpec]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def read_table(table: pd.DataFrame = TABLE, **keys: Any) -> tuple[RawData, DataSpec]:
        table.to_csv(tmp_path / "train.csv", index=False)
        values = {"train": str(tmp_path / "train.csv"), "target": "y", "log": "auto", **keys}
        spec = DataSpec.model_validate(values)
        return RawData.read(spec), spec

    return read_table


def chosen(raw: RawData, spec: DataSpec) -> list[str]:
    found = with_chosen_log(raw, spec, Threads(1), Journal()).log
    assert found != "auto"
    return found


def test_a_ratio_gets_a_logarithm_and_a_delay_that_counts_as_it_is_gets_none(read: Read) -> None:
    raw, spec = read()
    assert {"ratio", "delay"} <= raw.skewed.keys()
    assert chosen(raw, spec) == ["ratio"]


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"standardize": False},
        {"normalize_rows": True},
        {"standardize_target": False},
        {"missing": "mean"},
    ],
)
def test_no_logarithm_that_is_taken_makes_the_error_larger(read: Read, keys: dict[str, Any]) -> None:
    gappy = TABLE.assign(other=np.where(np.arange(N) < 3, np.nan, OTHER)) if "missing" in keys else TABLE
    raw, spec = read(gappy, **keys)
    errors, names = LogChoice.of(raw, spec, Threads(1)).errors, chosen(raw, spec)
    without = [[name for name in names if name != one] for one in names]
    assert errors(names).mean() <= min(errors(some).mean() for some in [[], *without, names])


def test_a_column_that_dwarfs_the_others_gets_a_logarithm(read: Read) -> None:
    assert "ratio" in chosen(*read(TABLE.assign(ratio=1e3 * RATIO), standardize=False))


def test_classes_choose_too(read: Read) -> None:
    classes = TABLE.assign(y=np.where(np.abs(np.log(RATIO)) < 0.5, "near", "far"))
    assert chosen(*read(classes)) == ["ratio"]


def test_a_constant_target_takes_no_logarithm(read: Read) -> None:
    assert chosen(*read(TABLE.assign(y=1.0))) == []


def test_columns_that_are_not_skewed_take_no_work(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    even = TABLE.assign(ratio=RNG.normal(size=N), delay=RNG.normal(size=N), other=RNG.normal(size=N))
    raw, spec = read(even)
    monkeypatch.setattr(LogChoice, "errors", None)
    assert chosen(raw, spec) == []


def test_a_list_stays_what_it_is(read: Read) -> None:
    raw, spec = read(log=["delay"])
    assert with_chosen_log(raw, spec, Threads(1), Journal()) is spec


def test_the_choice_is_told_in_one_line_and_timed(read: Read) -> None:
    display = Lines()
    journal = Journal(display)
    with_chosen_log(*read(), Threads(1), journal)
    (line,) = display.lines
    assert line.startswith("data.log: auto takes the logarithm of ratio (of ")
    assert journal.timings["log"] > 0


def test_the_unit_of_a_column_and_the_order_of_columns_do_not_matter(read: Read) -> None:
    moved = TABLE.assign(ratio=TABLE["ratio"] * 1e3 + 7)[["delay", "y", "ratio", "other"]]
    assert chosen(*read(moved)) == ["ratio"]


def test_a_kernel_out_of_range_takes_no_logarithm(read: Read) -> None:
    assert chosen(*read(TABLE.assign(ratio=TABLE["ratio"] * 1e200), standardize=False)) == []


def left_out_one_by_one(x: FloatArray, y: FloatArray, ridge: float) -> FloatArray:
    network = network_of(NetworkSpec(depth=DEPTH, sigma_b=SIGMA_B), x.shape[1])
    kernel = Evaluator(network).symmetric(network.rows(x), ["nngp"])["nngp"].to_array()
    kernel += ridge * np.trace(kernel) / len(x) * np.eye(len(x))
    errors = []
    for i in range(len(x)):
        rest = np.arange(len(x)) != i
        mean = kernel[i, rest] @ np.linalg.solve(kernel[np.ix_(rest, rest)], y[rest])
        errors.append(float(np.sum((y[i] - mean) ** 2)))
    return np.array(errors)


def test_errors_are_those_of_training_without_each_row_at_the_best_ridge() -> None:
    x, y = RNG.normal(size=(25, 2)), RNG.normal(size=(25, 2))
    y[:, 0] += x[:, 0]
    # The unit of the ridge is that of all rows, here and there.
    each = [left_out_one_by_one(x, y, ridge) for ridge in RIDGES]
    best = min(each, key=lambda errors: math.fsum(errors))
    np.testing.assert_allclose(left_out_errors(x, y, Threads(1)), best, rtol=1e-7)

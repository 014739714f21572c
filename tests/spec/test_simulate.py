"""The simulate section: what it takes, and what it refuses at which line."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ntkcli.spec.file import read_spec, spec_text
from ntkcli.spec.simulate import SimulateSpec
from ntkcli.spec.spec import Spec

HEAD = "data: {train: t.csv, target: y}\n"

Read = Callable[[str], Spec]
Faults = Callable[[str], list[str]]


def test_a_whole_section_is_read(read: Read) -> None:
    spec = read(
        HEAD
        + """simulate:
  widths: [8, 16, 1048576]
  largest_trained: 16
  seeds: 3
  rows: 50
  learning_rate: 1e-2
"""
    )
    assert spec.simulate is not None
    assert spec.simulate.widths == [8, 16, 2**20]
    assert (spec.simulate.largest_trained, spec.simulate.seeds, spec.simulate.rows) == (16, 3, 50)
    assert spec.simulate.learning_rate == 0.01


@pytest.mark.parametrize("section", ["simulate:\n", "simulate: {}\n", "simulate: {learning_rate: auto}\n"])
def test_an_empty_section_has_all_defaults(read: Read, section: str) -> None:
    spec = read(HEAD + section)
    assert spec.simulate == SimulateSpec()
    assert spec.simulate.widths == [64, 128, 256, 512, 1024, 2048, 4096]
    assert (spec.simulate.largest_trained, spec.simulate.seeds, spec.simulate.rows) == (1024, 20, 256)
    assert spec.simulate.learning_rate == "auto"


def test_one_width_is_a_list_of_one(read: Read) -> None:
    spec = read(HEAD + "simulate: {widths: 32, largest_trained: 0}\n")
    assert spec.simulate is not None
    assert (spec.simulate.widths, spec.simulate.largest_trained) == ([32], 0)


def test_a_spec_without_the_section_is_written_without_it(read: Read, tmp_path: Path) -> None:
    spec = read(HEAD)
    assert spec.simulate is None
    (tmp_path / "out.yaml").write_text(spec_text(spec, home=tmp_path), encoding="utf-8")
    assert "simulate" not in (tmp_path / "out.yaml").read_text()


@pytest.mark.parametrize("section", ["simulate:\n", "simulate: {widths: [2, 4], learning_rate: 0.1}\n"])
def test_the_section_is_written_as_it_is_read(read: Read, tmp_path: Path, section: str) -> None:
    spec = read(HEAD + section)
    (tmp_path / "out.yaml").write_text(spec_text(spec, home=tmp_path), encoding="utf-8")
    assert "simulate:" in (tmp_path / "out.yaml").read_text()
    assert read_spec(tmp_path / "out.yaml").spec.simulate == spec.simulate


WRONG = [
    ("widths: [64, 32]", "widths: should increase, but 32 follows 64"),
    ("widths: [8, 64, 32, 16]", "widths: should increase, but 32 follows 64"),
    ("widths: [64, 64]", "widths: should name everything once, but has twice: 64 (found [64, 64])"),
    ("widths: []", "widths: should name at least one (found [])"),
    ("widths:", "widths: should be a valid integer (it has no value)"),
    ("widths: [0, 4]", "widths[0]: should be greater than or equal to 1 (found 0)"),
    ("widths: [4, -1]", "widths[1]: should be greater than or equal to 1 (found -1)"),
    ("widths: [4, 8.5]", "widths[1]: should be a valid integer (found 8.5)"),
    ("widths: [wide]", "widths[0]: should be a valid integer (found 'wide')"),
    ("widths: [1048577]", "widths[0]: should be less than or equal to 1048576 (found 1048577)"),
    ("largest_trained: -1", "largest_trained: should be greater than or equal to 0 (found -1)"),
    ("seeds: 0", "seeds: should be greater than or equal to 1 (found 0)"),
    ("seeds: 100001", "seeds: should be less than or equal to 100000 (found 100001)"),
    ("seeds: [1]", "seeds: should be a valid integer (found [1])"),
    ("rows: 1", "rows: should be greater than or equal to 2 (found 1)"),
    ("learning_rate: 0", "learning_rate: should be 'auto' or greater than 0 (found 0)"),
    ("learning_rate: inf", "learning_rate: should be 'auto' or a finite number (found 'inf')"),
    ("learning_rate: fast", "learning_rate: should be 'auto' or a valid number (found 'fast')"),
    ("width: [4]", "width: is not a key that ntk knows; did you mean 'widths'?"),
]


@pytest.mark.parametrize(("line", "fault"), WRONG)
def test_a_wrong_value_is_reported_at_its_line(faults: Faults, line: str, fault: str) -> None:
    assert faults(HEAD + f"simulate:\n  {line}\n") == [f"3: simulate.{fault}"]


def test_every_wrong_value_is_reported(faults: Faults) -> None:
    assert faults(HEAD + "simulate:\n  seeds: 0\n  rows: 1\n") == [
        "3: simulate.seeds: should be greater than or equal to 1 (found 0)",
        "4: simulate.rows: should be greater than or equal to 2 (found 1)",
    ]

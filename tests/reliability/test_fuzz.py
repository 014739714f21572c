"""A few hundred mutated inputs end as they should, and the harness would see where they did not."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.reliability.child import Outcome
from tests.reliability.fuzz_case import Case
from tests.reliability.fuzz_checks import faults

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_mutated_specs_tables_and_models_end_with_a_message_and_nothing_half_written() -> None:
    # In a process of its own, which has no threads yet.
    words = ["-m", "tests.reliability.fuzz", "--cases", "300", "--seed", "1", "--jobs", "1"]
    ended = subprocess.run(
        [sys.executable, *words], cwd=ROOT, capture_output=True, text=True, timeout=600, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, ""), ended.stdout
    assert ended.stdout.startswith("seed 1\n")
    assert "0 of 300 cases failed" in ended.stdout
    compared = re.search(r"^(\d+) columns", ended.stdout, flags=re.MULTILINE)
    assert compared is not None
    assert int(compared[1]) > 0
    for kind in ("spec", "table", "model"):
        counts = re.search(rf"^ +{kind} +(\d+) +(\d+)", ended.stdout, flags=re.MULTILINE)
        assert counts is not None
        assert 0 < int(counts[2]) < int(counts[1])


@pytest.mark.parametrize(
    ("outcome", "leaves", "fault"),
    [
        (Outcome(None, "", "", 10.0), "", "hangs"),
        (Outcome(1, "", "ntk: error: unexpected KeyError\n", 0.1), "", "ends with 1"),
        (Outcome(-11, "", "ntk: error: \n", 0.1), "", "ends with -11"),
        (Outcome(3, "", "Traceback (most recent call last):\nntk: error: \n", 0.1), "", "traceback"),
        (Outcome(0, "", "RuntimeWarning: overflow\n", 0.1), "run/run.json", "says what is no message"),
        (Outcome(3, "", "", 0.1), "", "without an error message"),
        (Outcome(3, "", "ntk: error: \n", 0.1), ".run.ntk-lock", "leaves .run.ntk-lock"),
        (Outcome(3, "", "ntk: error: \n", 0.1), "run/model", "fails and leaves run"),
        (Outcome(0, "", "", 0.1), "run/model", "succeeds without run"),
        (Outcome(0, "", "", 0.1), "other", "makes other"),
    ],
)
def test_what_must_not_be_is_seen(tmp_path: Path, outcome: Outcome, leaves: str, fault: str) -> None:
    if leaves:
        path = tmp_path / leaves
        path.parent.mkdir(exist_ok=True)
        path.touch()
    found = list(faults(Case("spec", ("fit", "spec.yaml")), outcome, tmp_path, set()))
    assert any(fault in each for each in found), found


def test_a_success_and_a_refusal_are_no_faults(tmp_path: Path) -> None:
    case = Case("spec", ("fit", "spec.yaml"))
    refused = Outcome(2, "", "ntk: warning: rows\nntk: error: spec.yaml:1: is wrong\n", 0.1)
    assert not list(faults(case, refused, tmp_path, set()))
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.json").touch()
    assert not list(faults(case, Outcome(0, "", "", 0.1), tmp_path, set()))


def test_a_cache_is_no_fault_where_the_spec_names_it(tmp_path: Path) -> None:
    case, refused = Case("spec", ("fit", "spec.yaml")), Outcome(3, "", "ntk: error: \n", 0.1)
    (tmp_path / "odd").mkdir()
    spec = "data: {train: a.csv, target: y}\n"
    for text, is_fault in ((spec, True), (spec + "compute: {cache: odd}\n", False), ("compute: {", True)):
        (tmp_path / "spec.yaml").write_text(text)
        assert bool(list(faults(case, refused, tmp_path, {"spec.yaml"}))) is is_fault

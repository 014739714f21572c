import math
import re
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import numpy as np
import pytest

from ntkcli.commands.check import check
from ntkcli.commands.request import Request
from ntkcli.errors import DataError, NumericalError, ResourceError, SpecError
from ntkcli.jobs.opening import open_job
from ntkcli.journal import Journal
from ntkcli.planning.plan import Plan
from ntkcli.solvers.catalogue import SOLVERS, choices
from ntkcli.solvers.eigh import EighSolver
from ntkcli.spec.file import read_spec
from ntkcli.units import bytes_text

Ntk = Callable[..., CompletedProcess[str]]
MakeSpec = Callable[..., Path]
Write = Callable[[str, str], Path]
Checked = Callable[..., dict[str, list[str]]]

SAMPLES = Path(__file__).parent.parent.parent / "sample_data"
REPEATED = "a,b,y\n1,2,3\n2,1,4\n0,5,1\n2,1,5\n"


def texts_of(out: str) -> dict[str, list[str]]:
    """What a check prints: the texts behind each label, those of lines without one behind the last."""
    found: dict[str, list[str]] = {}
    label = ""
    for line in out.splitlines():
        head, _, text = line.partition("  ")
        label = head or label
        found.setdefault(label, []).append(text.strip())
    return found


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the machine's speed as known: tests of the speed measure it."""
    monkeypatch.setattr("ntkcli.planning.duration.multiply_rate", lambda: 5e10)


@pytest.fixture
def checked(make_spec: MakeSpec, ntk: Ntk) -> Checked:
    """Check a spec for the small data with these sections: the texts by label."""

    def check_spec(**sections: dict[str, Any]) -> dict[str, list[str]]:
        outcome = ntk("check", make_spec(**sections))
        assert (outcome.returncode, outcome.stderr) == (0, "")
        return texts_of(outcome.stdout)

    return check_spec


@pytest.fixture
def random_spec(make_spec: MakeSpec, write: Write) -> MakeSpec:
    """Write a spec for 300 training rows and 200 test rows of random numbers."""

    def make(**sections: dict[str, Any]) -> Path:
        path = make_spec(**sections)
        for name, rows in (("train.csv", 300), ("test.csv", 200)):
            values = np.random.default_rng(rows).normal(size=(rows, 6))
            lines = [",".join(map(repr, row)) for row in values.tolist()]
            write(name, "\n".join(["a,b,c,d,e,y", *lines]))
        return path

    return make


def plan_of(spec: Path) -> Plan:
    """What `ntk fit` would do."""
    with open_job(read_spec(spec), Journal()) as job:
        return job.planner().best()


def everything_in(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))


def test_a_check_reports_rows_features_targets_and_network(checked: Checked) -> None:
    shown = checked(network={"depth": 4, "activation": "erf"})
    (data,) = shown["data"]
    assert re.findall(r"(\d+) (training row|test row|feature|target)", data) == [
        ("14", "training row"), ("5", "test row"), ("3", "feature"), ("1", "target")
    ]  # fmt: skip
    assert "erf" in shown["network"][0]
    assert "4" in shown["network"][0]


def test_a_check_writes_nothing(make_spec: MakeSpec, ntk: Ntk, tmp_path: Path) -> None:
    spec = make_spec(output={"kernels": ["ntk_train_train"]})
    before = everything_in(tmp_path)
    assert ntk("check", spec).returncode == 0
    assert ntk("check", spec, "--out", "elsewhere/run").returncode == 0
    assert everything_in(tmp_path) == before


def test_a_run_that_is_there_is_no_hindrance(make_spec: MakeSpec, fit: Callable[..., Path], ntk: Ntk) -> None:
    run = fit()
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    assert ntk("check", make_spec()).returncode == 0
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    "sections",
    [
        {},
        {"inference": {"kernel": ["ntk", "nngp"], "time": [1, 1000, math.inf], "ridge": 0.1}},
        {"output": {"covariance": True}, "compute": {"dtype": "float32"}},
        {"compute": {"solver": "eigh", "threads": 1}},
    ],
)
def test_memory_and_disk_are_those_of_the_plan(
    random_spec: MakeSpec, ntk: Ntk, sections: dict[str, dict[str, Any]]
) -> None:
    spec = random_spec(**sections)
    plan, shown = plan_of(spec), texts_of(ntk("check", spec).stdout)
    assert f"about {bytes_text(plan.memory_bytes)} of " in shown["memory"][0]
    assert shown["disk"][0].startswith(f"{bytes_text(plan.disk_bytes)} of ")
    assert [text.split(":")[0] for text in shown["solver"]] == [stage.solver.name for stage in plan.stages]


def test_the_memory_allowed_is_the_specs(checked: Checked) -> None:
    assert checked(compute={"memory": "3GiB"})["memory"][0].endswith("of 3.0 GiB allowed")
    assert checked()["memory"][0].endswith("free")


def test_every_solver_is_reported_with_its_kernels_and_times(checked: Checked) -> None:
    inference = {"kernel": ["ntk", "nngp"], "time": [0, 0.5, math.inf], "ridge": 0.1}
    solvers = checked(inference=inference, compute={"solver": "lanczos"})["solver"]
    assert [text.split(":")[0] for text in solvers] == 2 * ["cholesky", "lanczos", "none"]
    for text, kernel, time in zip(solvers, 3 * ["ntk"] + 3 * ["nngp"], 2 * ["inf", "0.5", "0"], strict=True):
        assert text.endswith(f"for {kernel} at time {time}")


def test_every_matrix_held_is_reported_with_its_size(random_spec: MakeSpec, ntk: Ntk) -> None:
    size = bytes_text(300 * 300 * 8)
    shown = texts_of(ntk("check", random_spec()).stdout)
    assert shown["matrices"] == [f"nngp and ntk, {size} each in memory"]
    shown = texts_of(ntk("check", random_spec(output={"std": False})).stdout)
    assert shown["matrices"] == [f"ntk, {size} in memory"]


def test_every_matrix_to_write_is_reported_with_its_size(random_spec: MakeSpec, ntk: Ntk) -> None:
    names = {"ntk_train_train": 300 * 300, "nngp_test_train": 200 * 300, "ntk_test_test": 200 * 200}
    shown = texts_of(ntk("check", random_spec(output={"kernels": list(names)})).stdout)
    assert shown["disk"][1:] == [
        f"{bytes_text(8 * entries)} for kernels/{name}.npy" for name, entries in names.items()
    ]
    assert shown["disk"][0].startswith(bytes_text(8 * sum(names.values())))


def test_the_time_is_reported_with_the_threads_and_what_other_solvers_would_take(
    random_spec: MakeSpec, ntk: Ntk
) -> None:
    spec = random_spec(inference={"time": 5}, compute={"threads": 3})
    plan = plan_of(spec)
    time, *others = texts_of(ntk("check", spec).stdout)["time"]
    assert re.fullmatch(r"about [\d.]+ (s|min|h) on 3 threads", time)
    taken = {stage.solver.name for stage in plan.stages}
    expected = {name for name in choices() if SOLVERS[name].has_finite_times} - taken
    named = [re.match(r"compute\.solver: (\w+)", reported) for reported in others]
    assert sorted(found[1] for found in named if found) == sorted(expected)
    for reported in others:
        other = reported.split()[1]
        asked = random_spec(inference={"time": 5}, compute={"solver": other, "threads": 3})
        memory = re.escape(bytes_text(plan_of(asked).memory_bytes))
        assert re.fullmatch(
            rf"compute\.solver: {other} would take about [\d.]+ (s|min|h) and {memory}", reported
        )


def test_doubtful_data_is_reported(make_spec: MakeSpec, ntk: Ntk, write: Write) -> None:
    spec = make_spec(data={"standardize": False, "test": None}, inference={"ridge": 1e-3})
    write("train.csv", "a,b,c,y\n1,2,7,3\n2,5000,7,4\n0,5,7,1\n2,5000,7,5\n")
    outcome = ntk("check", spec)
    warnings = texts_of(outcome.stdout)["doubtful"]
    for what in (
        "train.csv: ",
        "line 5 has the features of line 3",
        "column 'c' is constant",
        "column 'b' has ",
    ):
        assert what in " ".join(warnings)
    assert len(warnings) == 3
    assert outcome.returncode == 0


def test_clean_data_is_not_doubted(checked: Checked) -> None:
    assert "doubtful" not in checked()


@pytest.mark.parametrize(("name", "target", "count"), [("concrete", "strength", 1), ("residential", "y", 0)])
def test_the_sample_data_is_doubted_where_rows_repeat(
    make_spec: MakeSpec, ntk: Ntk, name: str, target: str, count: int
) -> None:
    targets = [target] if count else ["sales_price", "construction_cost"]
    data = {side: str(SAMPLES / f"{name}_{side}.csv") for side in ("train", "test")} | {"target": targets}
    outcome = ntk("check", make_spec(data=data, inference={"ridge": 0.02}))
    assert (outcome.returncode, outcome.stderr) == (0, "")
    assert len(texts_of(outcome.stdout).get("doubtful", [])) == count


def test_what_makes_a_fit_fail_ends_the_check_with_the_same_words_after_the_report(
    make_spec: MakeSpec, ntk: Ntk, write: Write
) -> None:
    spec = make_spec(data={"test": None})
    write("train.csv", REPEATED)
    found, failed = ntk("check", spec), ntk("fit", spec)
    assert (found.returncode, failed.returncode) == (4, 4)
    assert found.stderr == failed.stderr
    assert "lines 3 and 5 have the same features" in found.stderr
    shown = texts_of(found.stdout)
    assert {"data", "solver", "memory", "doubtful"} <= shown.keys()


def test_a_job_above_the_memory_allowed_ends_the_check_as_it_would_end_the_fit(
    make_spec: MakeSpec, ntk: Ntk, tmp_path: Path
) -> None:
    spec = make_spec(compute={"memory": "1MiB"})
    found, failed = ntk("check", spec), ntk("fit", spec)
    assert (found.returncode, failed.returncode) == (5, 5)
    assert found.stderr == failed.stderr
    assert found.stderr.startswith("ntk: error: not enough memory: ")
    assert "of 1 MiB allowed" in texts_of(found.stdout)["memory"][0]
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("spec", "train", "code"),
    [
        ("data: {train: train.csv, target: y}\nnetwork: {depth: 0}\n", REPEATED, 2),
        ("data: {train: train.csv, target: z}\n", REPEATED, 3),
        ("data: {train: train.csv, target: y}\n", REPEATED + "1,red,2\n", 3),
    ],
)
def test_a_spec_or_data_that_cannot_be_read_ends_the_check_without_a_report(
    write: Write, ntk: Ntk, spec: str, train: str, code: int
) -> None:
    write("train.csv", train)
    write("spec.yaml", spec)
    outcome = ntk("check", "spec.yaml")
    assert (outcome.returncode, outcome.stdout) == (code, "")
    assert outcome.stderr.startswith("ntk: error: ")
    assert outcome.stderr == ntk("fit", "spec.yaml").stderr


def test_two_columns_of_one_name_in_the_predictions_are_reported(
    make_spec: MakeSpec, ntk: Ntk, write: Write
) -> None:
    spec = make_spec(data={"test": None, "id": "kernel"})
    write("train.csv", "kernel,a,y\n1,2,3\n2,1,4\n")
    outcome = ntk("check", spec)
    assert outcome.returncode == 3
    assert "two columns 'kernel'" in outcome.stderr


def test_in_python_what_would_fail_is_given_and_what_cannot_be_read_is_raised(
    make_spec: MakeSpec, write: Write
) -> None:
    assert check(Request(make_spec()), journal=Journal()).failure is None
    too_large = check(Request(make_spec(compute={"memory": 1})), journal=Journal())
    assert isinstance(too_large.failure, ResourceError)
    spec = make_spec(data={"test": None})
    write("train.csv", REPEATED)
    assert isinstance(check(Request(spec), journal=Journal()).failure, NumericalError)
    write("train.csv", "")
    with pytest.raises(DataError):
        check(Request(spec), journal=Journal())
    with pytest.raises(SpecError):
        check(Request(spec.with_name("missing.yaml")), journal=Journal())


def test_the_help_of_check_says_that_nothing_is_fitted_and_how_it_ends(ntk: Ntk) -> None:
    shown = " ".join(ntk("check", "--help").stdout.split())
    for word in ("SPEC", "--out", "without doing it", "exit code"):
        assert word in shown
    assert "check" in ntk("--help").stdout


def test_beyond_the_rows_of_an_eigendecomposition_none_is_offered(
    checked: Checked, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert any("eigh" in text for text in checked()["time"])
    monkeypatch.setattr(EighSolver, "most_rows", 3)
    shown = checked()
    assert not any("eigh" in text for text in shown["time"])
    assert shown["solver"][0].startswith("cholesky")


def test_what_comes_before_the_fit_is_reported_and_counts(checked: Checked) -> None:
    shown = checked(
        data={"relevance": "learned"},
        inference={"ridge": "auto", "time": "auto", "kernel": "ntk"},
        compute={"threads": 1},
    )
    assert re.fullmatch(
        r"learned, a factor for each of 3 features, from 14 rows, about \S+ s", shown["relevance"][0]
    )
    assert re.fullmatch(
        r"ridge and time: by leave-one-out, from an eigendecomposition of 14 rows, about \S+ s",
        shown["auto"][0],
    )
    assert re.fullmatch(
        r"about \S+ s on 1 thread, of it relevance about \S+ s, auto about \S+ s", shown["time"][0]
    )


@pytest.mark.parametrize(
    ("inference", "is_singular"),
    [
        ({"ridge": 0.0}, True),
        ({"ridge": 0.1}, False),
        ({"ridge": "auto"}, False),
        ({"ridge": 0.0, "time": 5}, False),
    ],
)
def test_rows_that_repeat_others_are_singular_without_a_ridge_alone(
    make_spec: MakeSpec, ntk: Ntk, write: Write, inference: dict[str, Any], is_singular: bool
) -> None:
    spec = make_spec(data={"test": None}, inference=inference)
    write("train.csv", REPEATED)
    (doubt,) = texts_of(ntk("check", spec).stdout)["doubtful"]
    assert "line 5 has the features of line 3" in doubt
    assert ("singular" in doubt) == is_singular


def test_columns_that_may_mean_something_else_are_reported(
    make_spec: MakeSpec, ntk: Ntk, write: Write
) -> None:
    spec = make_spec(data={"test": None}, inference={"ridge": 0.1})
    rows = (
        f"{i},{-999 if i % 9 == 4 else i * i % 31},{('yes', 'Yes', 'no')[i % 3]},{i % 2}"
        for i in range(1, 41)
    )
    write("train.csv", "\n".join(["number,age,smoker,y", *rows]))
    doubts = texts_of(ntk("check", spec).stdout)["doubtful"]
    for doubt, what in zip(
        doubts,
        (
            "column 'age': -999",
            "column 'number' numbers",
            "target 'y' has 2",
            "column 'smoker' has categories",
        ),
        strict=True,
    ):
        assert what in doubt

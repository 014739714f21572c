import math
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import numpy as np
import pandas as pd
import pytest

from .run_files import MakeSpec, Ntk, Write, add_second_target, contents, load_json, score_of, values

TABLES = {
    "spectrum.csv": ["kernel", "mode", "eigenvalue", "target_power", "cumulative_power", "half_time"],
    "time_course.csv": [
        "kernel", "time", "train_loss", "test_rmse", "weight_distance", "weight_distance_rms",
        "function_change", "loo_rmse",
    ],
    "learning_curve.csv": ["kernel", "rows", "predicted_mse", "measured_mse", "measured_se"],
    "degrees_of_freedom.csv": ["kernel", "ridge", "degrees_of_freedom"],
}  # fmt: skip
BOTH: dict[str, Any] = {"kernel": ["ntk", "ntkgp", "nngp"], "ridge": 0.05}
Outcome = CompletedProcess[str]


class Found:
    """The directory of a spectrum."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.tables = {name: pd.read_csv(place / name) for name in TABLES}
        self.summary: dict[str, Any] = load_json(place / "summary.json")

    def table(self, name: str, kernel: str = "ntk") -> pd.DataFrame:
        table = self.tables[f"{name}.csv"]
        return table[table["kernel"] == kernel].reset_index(drop=True)

    def figures(self, kernel: str = "ntk") -> dict[str, Any]:
        figures: dict[str, Any] = self.summary["kernels"][kernel]
        return figures


@pytest.fixture
def spectrum(make_spec: MakeSpec, ntk: Ntk, tmp_path: Path) -> Callable[..., Found]:
    """Run `ntk spectrum` on the small data with these sections, and read its directory."""

    def run(*options: object, warning: str = "", **sections: dict[str, Any]) -> Found:
        outcome = ntk("spectrum", make_spec(**sections), "--overwrite", *options)
        assert outcome.returncode == 0, outcome.stderr
        assert (warning in outcome.stderr) if warning else (outcome.stderr == "")
        return Found(tmp_path / "run-spectrum")

    return run


def test_the_files_and_their_columns(spectrum: Callable[..., Found]) -> None:
    found = spectrum(inference=BOTH)
    assert {name: list(table) for name, table in found.tables.items()} == TABLES
    names = {path.name for path in found.place.iterdir()}
    assert names == {*TABLES, "summary.json", "spec.yaml", "run.json"}
    assert found.summary["rows"] == 14
    assert list(found.summary["kernels"]) == ["nngp", "ntk"]
    for table in found.tables.values():
        assert list(dict.fromkeys(table["kernel"])) == ["nngp", "ntk"]


@pytest.mark.parametrize("kernel", ["ntk", "nngp"])
def test_the_modes_are_those_of_the_gram_matrix(
    spectrum: Callable[..., Found], fit: Callable[..., Path], kernel: str
) -> None:
    found = spectrum(inference=BOTH | {"learning_rate": 0.5})
    gram = np.load(fit(output={"kernels": [f"{kernel}_train_train"]}) / f"kernels/{kernel}_train_train.npy")
    modes = found.table("spectrum", kernel)
    np.testing.assert_allclose(values(modes, "eigenvalue"), np.linalg.eigvalsh(gram)[::-1], rtol=1e-9)
    assert modes["mode"].tolist() == [*range(1, 15)]
    assert modes["cumulative_power"].iloc[-1] == pytest.approx(1.0)
    expected = math.log(2) / (0.5 * (values(modes, "eigenvalue") + 0.05))
    np.testing.assert_allclose(values(modes, "half_time"), expected, rtol=1e-12)


def test_errors_at_the_end_are_those_of_a_fit(
    spectrum: Callable[..., Found], fit: Callable[..., Path]
) -> None:
    course = spectrum(inference=BOTH).table("time_course")
    run = fit(inference={"kernel": "ntk", "ridge": 0.05, "time": [0, math.inf]})
    for row, time in ((0, "0"), (-1, "inf")):
        expected = score_of(run, "ntk", time)["rmse"]
        assert course["test_rmse"].iloc[row] == pytest.approx(expected, rel=1e-9)


def test_the_time_course_goes_from_nothing_to_the_end(spectrum: Callable[..., Found]) -> None:
    for loss, first in (("sum", 7.0), ("mean", 0.5)):
        found = spectrum(inference=BOTH | {"loss": loss})
        course = found.table("time_course")
        assert len(course) == 62
        assert (course["time"].iloc[0], course["time"].iloc[-1]) == (0.0, math.inf)
        assert course["train_loss"].iloc[0] == pytest.approx(first, rel=1e-9)
        assert course["train_loss"].iloc[1] == pytest.approx(first, rel=0.05)
        finite, limit = course.iloc[-2, 2:].to_numpy(float), course.iloc[-1, 2:].to_numpy(float)
        np.testing.assert_allclose(finite, limit, rtol=1e-6)
        best = found.figures()["best_time"]
        assert best["loo_rmse"] == pytest.approx(course["loo_rmse"].min(), rel=1e-9)
        assert float(best["time"]) in course["time"].tolist()


def test_automatic_values_are_found_as_by_a_fit(
    spectrum: Callable[..., Found], fit: Callable[..., Path]
) -> None:
    found = spectrum(inference={"ridge": "auto", "time": "auto"}, warning="inference.ridge: auto is ")
    run = fit(inference={"ridge": "auto"})
    assert found.figures()["ridge"] == load_json(run / "run.json")["solvers"][0]["ridge"]
    fixed = spectrum(inference={"ridge": 0.05, "time": "auto"})
    assert fixed.figures()["ridge"] == 0.05


def test_the_curve_at_all_rows_is_measured_by_leave_one_out(spectrum: Callable[..., Found]) -> None:
    found = spectrum(inference=BOTH)
    curve, course = found.table("learning_curve"), found.table("time_course")
    measured = curve[curve["measured_mse"].notna()]
    assert measured["rows"].tolist() == [14]
    assert measured["measured_mse"].item() == pytest.approx(course["loo_rmse"].iloc[-1] ** 2, rel=1e-9)
    assert curve["rows"].iloc[0] == 4
    assert curve["rows"].iloc[-1] == 140
    reached = curve["rows"] <= 14
    assert np.all(curve["predicted_mse"][reached] > 0)
    assert np.all((curve["predicted_mse"] > 0) | (curve["predicted_mse"].isna() & ~reached))
    assert found.figures()["learning_curve_agreement"] is None


def test_subsets_are_fitted_where_that_is_asked_for(spectrum: Callable[..., Found]) -> None:
    found = spectrum("--measured", inference=BOTH)
    for kernel in ("ntk", "nngp"):
        curve = found.table("learning_curve", kernel)
        measured = curve[curve["measured_mse"].notna()]
        assert measured["rows"].tolist() == [2, 4, 7, 13, 14]
        assert np.all(measured["measured_se"] > 0)
        assert found.figures(kernel)["learning_curve_agreement"] > 0


def test_the_ridges_have_the_specs_among_them(spectrum: Callable[..., Found]) -> None:
    found = spectrum(inference=BOTH)
    ridges = found.table("degrees_of_freedom")
    own = ridges[ridges["ridge"] == 0.05]["degrees_of_freedom"].item()
    assert own == pytest.approx(found.figures()["degrees_of_freedom"])
    assert np.all(np.diff(ridges["degrees_of_freedom"]) < 0)
    eigenvalues = values(found.table("spectrum"), "eigenvalue")
    assert own == pytest.approx(np.sum(eigenvalues / (eigenvalues + 0.05)), rel=1e-9)


def test_a_singular_matrix_has_what_needs_no_inverse(
    spectrum: Callable[..., Found], make_spec: MakeSpec, write: Write, tmp_path: Path
) -> None:
    make_spec()
    train = pd.read_csv(tmp_path / "train.csv")
    repeated = pd.concat([train, train.iloc[[2, 5]]])

    def run(ridge: float, warning: str = "") -> Found:
        # The fixture writes the small data again; the spec names another file.
        write("repeated.csv", repeated.to_csv(index=False))
        data = {"train": "repeated.csv"}
        return spectrum("--measured", data=data, inference={"ridge": ridge}, warning=warning)

    found = run(0.0, "singular to rounding")
    course = found.table("time_course")
    assert np.all(np.isfinite(course["time"]))
    assert course["loo_rmse"].notna().all()
    figures = found.figures()
    for name in ("condition", "label_complexity", "label_complexity_shuffled"):
        assert figures[name] is None
    assert figures["degrees_of_freedom"] == 14
    curve = found.table("learning_curve").set_index("rows")
    assert curve.loc[16].drop("kernel").isna().all()
    assert curve.loc[160].drop("kernel").isna().all()
    assert curve["predicted_mse"].iloc[0] > 0
    assert all(run(0.1).figures()[name] is not None for name in figures if "agreement" not in name)


def test_classes_are_judged_by_their_scores(
    spectrum: Callable[..., Found], make_spec: MakeSpec, write: Write, tmp_path: Path
) -> None:
    make_spec()
    for name in ("train", "test"):
        table = pd.read_csv(tmp_path / f"{name}.csv")
        write(f"{name}2.csv", table.assign(y=np.where(table["y"] > 60, "high", "low")).to_csv(index=False))
    found = spectrum(
        data={"train": "train2.csv", "test": "test2.csv"}, inference=BOTH, network={"activation": "erf"}
    )
    course = found.table("time_course")
    assert course["test_rmse"].iloc[0] == pytest.approx(0.5)
    assert course["test_rmse"].iloc[-1] < 0.5
    assert found.table("spectrum")["target_power"].sum() == pytest.approx(1.0)


def test_two_targets_share_a_spectrum(spectrum: Callable[..., Found], write: Write, tmp_path: Path) -> None:
    one = spectrum(inference=BOTH)
    add_second_target(write, tmp_path)
    two = spectrum(data={"target": ["y", "z"], "features": ["a", "b", "c"]}, inference=BOTH)
    # z = 3 y - 1 is y, once it is standardised.
    pd.testing.assert_frame_equal(two.table("spectrum"), one.table("spectrum"))
    loss = two.table("time_course")["train_loss"] / one.table("time_course")["train_loss"]
    np.testing.assert_allclose(loss, 2.0, rtol=1e-6)
    curve = two.table("learning_curve")["predicted_mse"] / one.table("learning_curve")["predicted_mse"]
    np.testing.assert_allclose(curve.dropna(), (1 + 9) / 2, rtol=1e-6)
    assert two.figures()["alignment"] == pytest.approx(one.figures()["alignment"])


def test_without_test_rows_there_is_no_test_error(
    spectrum: Callable[..., Found], write: Write, tmp_path: Path, make_spec: MakeSpec
) -> None:
    found = spectrum(data={"test": None}, inference=BOTH)
    assert found.table("time_course")["test_rmse"].isna().all()
    write("bare.csv", pd.read_csv(tmp_path / "test.csv").drop(columns="y").to_csv(index=False))
    found = spectrum(data={"test": "bare.csv"}, inference=BOTH)
    assert found.table("time_course")["test_rmse"].isna().all()


def test_a_constant_target_has_no_power_and_no_errors(
    spectrum: Callable[..., Found], make_spec: MakeSpec, write: Write, tmp_path: Path
) -> None:
    make_spec()
    write("constant.csv", pd.read_csv(tmp_path / "train.csv").assign(y=3.0).to_csv(index=False))
    found = spectrum(data={"train": "constant.csv"}, inference=BOTH, warning="is constant")
    assert np.all(found.table("spectrum")["target_power"] == 0)
    assert np.all(found.table("time_course")["weight_distance"] == 0)
    assert found.figures()["alignment"] is None


def test_squares_that_leave_the_range_are_left_out(
    spectrum: Callable[..., Found], make_spec: MakeSpec, write: Write, tmp_path: Path
) -> None:
    make_spec()
    train = pd.read_csv(tmp_path / "train.csv")
    write("huge.csv", train.assign(y=train["y"] * 1e200).to_csv(index=False))
    data = {"train": "huge.csv", "standardize_target": False}
    found = spectrum("--measured", data=data, inference=BOTH)
    assert found.table("time_course")["train_loss"].isna().all()
    assert found.table("learning_curve")["predicted_mse"].isna().all()
    assert found.figures()["label_complexity"] is None
    assert 0 < found.figures()["alignment"] < 1


def test_some_rows_are_those_of_a_seed(spectrum: Callable[..., Found], ntk: Ntk, make_spec: MakeSpec) -> None:
    found = spectrum("--rows", 6, inference=BOTH)
    assert found.summary["rows"] == len(found.table("spectrum")) == 6
    assert load_json(found.place / "run.json")["data"]["train"]["rows"] == 6
    again = {name: table.copy() for name, table in found.tables.items()}
    for name, table in spectrum("--rows", 6, inference=BOTH).tables.items():
        pd.testing.assert_frame_equal(table, again[name])
    all_rows = spectrum("--rows", 14, inference=BOTH).table("spectrum")
    pd.testing.assert_frame_equal(all_rows, spectrum(inference=BOTH).table("spectrum"))
    for rows in (1, 15):
        outcome = ntk("spectrum", make_spec(), "--rows", rows, "--overwrite")
        assert outcome.returncode == 2
        assert outcome.stderr == (
            f"ntk: error: --rows {rows}: give a number from 2 to that of the training rows, 14\n"
        )


def test_the_same_spec_gives_the_same_bytes(spectrum: Callable[..., Found]) -> None:
    first, second = (contents(spectrum("--measured", inference=BOTH).place) for _ in range(2))
    assert {name for name in first if first[name] != second[name]} <= {"run.json"}


def test_the_main_figures_are_printed(make_spec: MakeSpec, ntk: Ntk) -> None:
    out = ntk("spectrum", make_spec(inference=BOTH), "--measured").stdout.splitlines()
    assert out[0].split() == ["14", "rows", "nngp", "ntk"]
    assert out[1].split() == ["ridge", "0.05", "0.05"]
    assert out[-2].startswith("learning curve off by")
    assert out[-1] == "wrote run-spectrum"
    quiet = ntk("spectrum", make_spec(inference=BOTH), "-qq", "--out", "elsewhere")
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "")


def test_a_fits_directory_is_left_alone(
    fit: Callable[..., Path], ntk: Ntk, make_spec: MakeSpec, tmp_path: Path
) -> None:
    run = fit()
    before = contents(run)
    assert ntk("spectrum", make_spec()).returncode == 0
    assert ntk("spectrum", make_spec()).returncode == 6
    assert ntk("spectrum", make_spec(), "--out", "run", "--overwrite").returncode == 6
    assert contents(run) == before


def test_too_many_rows_end_with_what_fewer_would_take(
    make_spec: MakeSpec, ntk: Ntk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ntkcli.spectra.plan.MOST_ROWS", 13)
    before = {*tmp_path.rglob("*")} | {make_spec(), tmp_path / "train.csv", tmp_path / "test.csv"}
    outcome = ntk("spectrum", make_spec())
    assert outcome.returncode == 5
    assert outcome.stderr.startswith(
        "ntk: error: spectrum decomposes matrices of 13 training rows at most, and there are 14: use --rows "
        "10, which takes about "
    )
    assert {*tmp_path.rglob("*")} == before
    assert ntk("spectrum", make_spec(), "--rows", 10).returncode == 0
    checked = ntk("check", make_spec()).stdout
    assert "14 rows are too many: use --rows 10, which takes about " in checked


def test_too_little_memory_ends_with_what_it_would_take(make_spec: MakeSpec, ntk: Ntk) -> None:
    outcome = ntk("spectrum", make_spec(compute={"memory": "1MiB"}))
    assert outcome.returncode == 5
    assert outcome.stderr.startswith("ntk: error: not enough memory: spectrum needs about ")
    assert outcome.stderr.endswith("and 1 MiB are free or allowed (compute.memory): use more memory\n")


def test_a_failure_leaves_nothing(
    make_spec: MakeSpec, ntk: Ntk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise MemoryError

    make_spec()
    before = {*tmp_path.rglob("*")}
    monkeypatch.setattr("ntkcli.commands.spectrum.write_json", fail)
    assert ntk("spectrum", make_spec()).returncode == 5
    assert {*tmp_path.rglob("*")} == before

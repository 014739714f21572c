"""`ntk simulate`: finite networks beside the closed form, in a directory that it can go on in."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from .run_files import MakeSpec, Ntk, Write, contents, load_json

SIMULATE: dict[str, Any] = {"widths": [4, 16, 64], "largest_trained": 16, "seeds": 3, "rows": 10}
SECTIONS: dict[str, Any] = {
    "network": {"depth": 3},
    "inference": {"kernel": "ntk", "time": [0.01, 0.1]},
    "simulate": SIMULATE,
}
FILES = {
    "kernels.csv",
    "training.csv",
    "layers.csv",
    "predictions.csv",
    "summary.json",
    "spec.yaml",
    "run.json",
    "networks",
}
PREDICTIONS = ["width", "time", "row", "mean", "std", "closed_form_mean", "closed_form_std", "output"]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "run-simulation"


@pytest.fixture
def simulate(make_spec: MakeSpec, ntk: Ntk, out: Path) -> Any:
    """Simulate a spec whose sections are changed by keyword, and give the directory."""

    def run(*options: str, **changes: dict[str, Any]) -> Path:
        sections = {name: SECTIONS.get(name, {}) | changes.get(name, {}) for name in {**SECTIONS, **changes}}
        outcome = ntk("simulate", make_spec(**sections), *options)
        assert outcome.returncode == 0, outcome.stderr
        return out

    return run


def table(out: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(out / name, dtype={"time": str})


def test_the_directory_has_the_tables_with_their_columns(simulate: Any) -> None:
    out = simulate()
    assert {path.name for path in out.iterdir()} == FILES
    kernels, training = table(out, "kernels.csv"), table(out, "training.csv")
    assert list(kernels) == ["kernel", "width", "seed", "relative_error"]
    assert len(kernels) == 2 * 3 * 3
    quantities = ["train_loss", "weight_change", "kernel_change", "gap_to_linearised", "closed_form_loss"]
    assert list(training) == ["width", "seed", "time", *quantities]
    assert sorted(set(training["width"])) == [4, 16]
    assert list(dict.fromkeys(training["time"])) == ["0", "0.01", "0.1"]
    layers, predictions = table(out, "layers.csv"), table(out, "predictions.csv")
    assert list(layers) == ["width", "seed", "time", "layer", "weight_change"]
    assert set(layers["layer"]) == {1, 2, 3}
    assert list(predictions) == PREDICTIONS
    assert len(predictions) == 2 * 3 * 5


def test_the_summary_has_slopes_with_what_theory_says(simulate: Any) -> None:
    summary = load_json(simulate() / "summary.json")
    assert list(summary["slopes"]) == ["nngp", "ntk", "weight_change", "kernel_change", "gap_to_linearised"]
    for slope in summary["slopes"].values():
        assert slope["lower"] < slope["value"] < slope["upper"]
        assert slope["theory"] == -0.5
    assert [slope["theory"] for slope in summary["layer_slopes"]] == [-0.5, -1.0, -0.5]


def test_the_terminal_shows_slopes_and_agreement(make_spec: MakeSpec, ntk: Ntk) -> None:
    outcome = ntk("simulate", make_spec(**SECTIONS))
    lines = outcome.stdout.splitlines()
    assert lines[0].split()[:3] == ["with", "width", "slope"]
    assert [line.split()[0] for line in lines[7:11]] == ["width", "4", "16", "closed"]
    assert lines[-1] == "wrote run-simulation"
    assert outcome.stderr == ""


def test_the_closed_form_is_what_a_fit_predicts(simulate: Any, fit: Any) -> None:
    """All of the training rows are simulated here, so that both are of the same rows."""
    found = table(simulate(simulate={"rows": 14}), "predictions.csv")
    run = fit(network=SECTIONS["network"], inference=SECTIONS["inference"])
    fitted = pd.read_csv(run / "predictions.csv", dtype={"time": str})
    for time in ("0.01", "0.1"):
        ours = found[(found["time"] == time) & (found["width"] == 16)].sort_values("row")
        theirs = fitted[fitted["time"] == time].sort_values("row")
        np.testing.assert_allclose(ours["closed_form_mean"], theirs["y_mean"], rtol=1e-9)
        np.testing.assert_allclose(ours["closed_form_std"], theirs["y_std"], rtol=1e-8)


def test_the_same_spec_gives_the_same_bytes_on_any_number_of_threads(simulate: Any) -> None:
    first = contents(simulate())
    again = contents(simulate("--overwrite", compute={"threads": 2}))
    for name in ("kernels.csv", "training.csv", "layers.csv", "predictions.csv", "summary.json"):
        assert first[name] == again[name]


def test_samples_have_the_mean_that_predictions_tell(simulate: Any) -> None:
    out = simulate("--samples")
    samples, predictions = table(out, "samples.csv"), table(out, "predictions.csv")
    keys = ["width", "time", "row", "output"]
    means = samples.groupby(keys)["prediction"].agg(["mean", "std"])
    told = predictions.set_index(keys).sort_index()
    np.testing.assert_allclose(means["mean"], told["mean"], rtol=1e-12)
    np.testing.assert_allclose(means["std"], told["std"], rtol=1e-9)


def test_linearised_networks_keep_their_kernel(simulate: Any) -> None:
    training = table(simulate("--linearised"), "training.csv")
    assert training["kernel_change"].isna().all()
    assert (training["gap_to_linearised"] == 0).all()
    assert (training[training["time"] == "0.1"]["weight_change"] > 0).all()


def test_the_limit_is_a_time_at_which_nearly_all_is_learned(make_spec: MakeSpec, ntk: Ntk, out: Path) -> None:
    inference = {"kernel": "ntk", "time": ["inf"], "ridge": 0.5}
    outcome = ntk("simulate", make_spec(**SECTIONS | {"inference": inference}))
    assert outcome.returncode == 0
    assert outcome.stderr.startswith("ntk: time inf: training ends at ")
    summary = load_json(out / "summary.json")
    assert len(summary["times"]) == 8
    assert summary["end_of_training"] == summary["times"][-1]


@pytest.mark.parametrize(
    "data", [{"test": None}, {"target": ["y", "c"]}], ids=["no test rows", "two targets"]
)
def test_other_data_works(simulate: Any, data: dict[str, Any]) -> None:
    predictions = table(simulate(data=data), "predictions.csv")
    assert set(predictions["output"]) == set(data.get("target", ["y"]))


def test_classes_are_simulated_as_the_outputs_that_code_them(
    make_spec: MakeSpec, ntk: Ntk, write: Write, out: Path
) -> None:
    rows = [f"{i},{i * i % 7},{'abc'[i % 3]}\n" for i in range(12)]
    write("classes.csv", "p,q,kind\n" + "".join(rows))
    data = {"train": "classes.csv", "test": "classes.csv", "target": "kind"}
    outcome = ntk("simulate", make_spec(**SECTIONS | {"data": data}))
    assert outcome.returncode == 0, outcome.stderr
    predictions = table(out, "predictions.csv")
    assert set(predictions["output"]) == {"a", "b", "c"}


def test_the_readout_alone_is_trained_for_kernel_nngp(simulate: Any) -> None:
    out = simulate(inference={"kernel": "nngp"})
    assert set(table(out, "layers.csv")["layer"]) == {3}
    kernels = table(out, "kernels.csv").pivot_table(index=["width", "seed"], columns="kernel")
    np.testing.assert_allclose(kernels["relative_error"]["ntk"], kernels["relative_error"]["nngp"])


def test_a_network_of_depth_1_has_exact_kernels_and_no_slope(simulate: Any) -> None:
    out = simulate(network={"depth": 1})
    assert table(out, "kernels.csv")["relative_error"].max() < 1e-14
    assert load_json(out / "summary.json")["slopes"]["ntk"]["theory"] is None


def test_nothing_is_trained_below_the_first_width(simulate: Any) -> None:
    out = simulate(simulate={"largest_trained": 0})
    assert len(table(out, "training.csv")) == len(table(out, "predictions.csv")) == 0
    assert load_json(out / "summary.json")["slopes"]["kernel_change"]["value"] is None


@pytest.mark.parametrize("widths", [[4, 16, 64], [4, 16]], ids=["three widths", "two widths"])
def test_pictures_are_drawn(simulate: Any, widths: list[int]) -> None:
    out = simulate("--plot", simulate={"widths": widths})
    for name in ("kernels.png", "training.png", "predictions.png"):
        assert (out / name).read_bytes().startswith(b"\x89PNG")


def test_pictures_need_matplotlib_before_anything_is_done(
    make_spec: MakeSpec, ntk: Ntk, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ntkcli.reports.figure.is_installed", lambda _: False)
    outcome = ntk("simulate", make_spec(**SECTIONS), "--plot")
    assert outcome.returncode == 2
    assert outcome.stderr == "ntk: error: --plot needs matplotlib: pip install 'ntkcli[report]'\n"
    assert not out.exists()

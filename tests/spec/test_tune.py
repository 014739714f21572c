"""The tune section: what it takes, and what it refuses at which line."""

import math
from collections.abc import Callable
from pathlib import Path

import pytest

from ntkcli.spec.file import read_spec, spec_text
from ntkcli.spec.space import DATA_KEYS, Range, is_integer_key, tunable_keys
from ntkcli.spec.spec import Spec

HEAD = "data: {train: t.csv, target: y}\n"

Read = Callable[[str], Spec]
Faults = Callable[[str], list[str]]


def space(*lines: str) -> str:
    return HEAD + "tune:\n  space:\n" + "".join(f"    {line}\n" for line in lines)


def test_a_whole_section_is_read(read: Read) -> None:
    spec = read(
        HEAD
        + """tune:
  objective: nll
  validation: {holdout: 0.2, seed: 3}
  search: tpe
  trials: 7
  seed: 1
  space:
    network.depth: [1, 2]
    network.activation: [relu, {name: leaky_relu, slope: 0.1}]
    network.sigma_b: {low: 1e-2, high: 1.0, log: true}
    network.readout.sigma_w: [0.5]
    network.train.first_frozen: [0]
    inference.kernel: [nngp, ntkgp]
    inference.ridge: {low: 1.0e-6, high: 1, log: true, steps: 4}
    inference.time: [1, 1e2, inf]
    inference.ridge_scale: trace
"""
    )
    assert spec.tune is not None
    assert spec.tune.space["inference.time"] == [1, 100.0, math.inf]
    assert spec.tune.space["inference.ridge_scale"] == ["trace"]
    assert spec.tune.space["network.sigma_b"] == Range(low=0.01, high=1.0, log=True)
    assert (spec.tune.validation.holdout, spec.tune.validation.folds) == (0.2, None)


@pytest.mark.parametrize(
    "validation", ["", "  validation:\n", "  validation: {}\n", "  validation: {seed: 0}\n"]
)
def test_five_folds_are_the_default(read: Read, validation: str) -> None:
    spec = read(HEAD + f"tune:\n{validation}  space: {{inference.ridge: [1]}}\n")
    assert spec.tune is not None
    assert spec.tune.validation.folds == 5


def test_a_spec_without_the_section_is_written_without_it(read: Read, tmp_path: Path) -> None:
    (tmp_path / "out.yaml").write_text(spec_text(read(HEAD), home=tmp_path), encoding="utf-8")
    assert "tune" not in (tmp_path / "out.yaml").read_text()


def test_the_section_is_written_as_it_is_read(read: Read, tmp_path: Path) -> None:
    spec = read(space("network.depth: {low: 1, high: 4}", "inference.time: [1, inf]"))
    (tmp_path / "out.yaml").write_text(spec_text(spec, home=tmp_path), encoding="utf-8")
    assert read_spec(tmp_path / "out.yaml").spec.tune == spec.tune


def test_how_features_become_inputs_can_be_tuned(read: Read) -> None:
    spec = read(
        space(
            "data.log: [[], [a, b], c, auto]",
            "data.relevance: [equal, learned]",
            "data.standardize: [true, false]",
            "data.normalize_rows: [true, false]",
        )
    )
    assert spec.tune is not None
    assert spec.tune.data_axes == spec.tune.trial_axes
    assert spec.tune.data_axes["data.log"] == [[], ["a", "b"], "c", "auto"]
    assert not set(spec.tune.data_axes) - set(DATA_KEYS)


WRONG_DATA: list[tuple[str, str | None]] = [
    ("data.log: auto", None),
    ("data.log: []", "data.log: should name at least one (found [])"),
    (
        "data.log: [[a, a]]",
        "data.log[0]: should name everything once, but has twice: a",
    ),
    (
        "data.log: [[], [y]]",
        "data.log[1]: makes no data section that is valid: data.log: column 'y' is no feature: "
        "take it out here",
    ),
    (
        "data.standardize: {low: 0, high: 1}",
        "data.standardize.low: should be a valid boolean (found 0.0)",
    ),
    ("data.standardize: [yes, 2]", "data.standardize[1]: should be a valid boolean (found 2)"),
    (
        "data.relevance: [equal, learnt]",
        "data.relevance[1]: should be 'equal' or 'learned' or a mapping (found 'learnt'); did you mean",
    ),
    ("data.missing: [drop]", "data.missing: is not a key that can be tuned"),
]


@pytest.mark.parametrize(("line", "fault"), WRONG_DATA)
def test_a_wrong_data_value_is_reported_at_its_line(
    read: Read, faults: Faults, line: str, fault: str | None
) -> None:
    if fault is None:
        assert read(space(line)).tune is not None
    else:
        assert any(found.startswith(f"4: tune.space.{fault}") for found in faults(space(line)))


def test_a_draw_of_data_values_alone_is_a_search(read: Read) -> None:
    text = space("data.standardize: [true, false]").replace("tune:\n", "tune:\n  search: random\n")
    assert read(text).tune is not None


def test_every_part_of_the_network_can_be_tuned() -> None:
    keys = tunable_keys()
    assert {"network.depth", "network.readout.sigma_b", "network.residual.every"} <= set(keys)
    assert [key for key in keys if key.startswith("inference.")] == [
        "inference.kernel",
        "inference.ridge_scale",
        "inference.ridge",
        "inference.time",
    ]


def test_whole_numbers_are_those_of_keys_that_take_nothing_else() -> None:
    assert [key for key in tunable_keys() if is_integer_key(key)] == [
        "network.depth",
        "network.train.first_frozen",
        "network.residual.every",
        "network.width",
    ]


WRONG = [
    ("network.depth: [0]", "network.depth[0]: should be greater than or equal to 1 (found 0)"),
    ("network.depth: [1, 2.5]", "network.depth[1]: should be a valid integer (found 2.5)"),
    (
        "network.dept: [1]",
        "network.dept: is not a key that can be tuned; did you mean 'network.depth'?",
    ),
    ("network.depth: []", "network.depth: should name at least one (found [])"),
    ("network.depth:", "network.depth: should be a valid integer (it has no value)"),
    (
        "network.depth: [1, 1]",
        "network.depth: should name everything once, but has twice: 1 (found [1, 1])",
    ),
    (
        "network.depth: {low: 2, high: 1}",
        "network.depth.low: should be below high (found 2 and 1)",
    ),
    ("network.depth: {low: 1.5, high: 4}", "network.depth.low: should be a valid integer (found 1.5)"),
    (
        "network.depth: {low: 1, high: 20000}",
        "network.depth.high: should be less than or equal to 10000 (found 20000)",
    ),
    (
        "network.depth: {low: 1, high: 3, step: 1}",
        "network.depth.step: is not a key that ntk knows; did you mean 'steps'?",
    ),
    (
        "network.sigma_b: {low: 0, high: 1, log: true}",
        "network.sigma_b.low: should be above 0 where log is true (found 0)",
    ),
    (
        "network.activation: [relu, rel]",
        "network.activation[1]: 'rel' is not an activation that ntk knows; did you mean 'relu'?",
    ),
    (
        "network.activation: [{name: leaky_relu, slop: 1}]",
        "network.activation[0].slop: leaky_relu has no parameter 'slop'; did you mean 'slope'?",
    ),
    ("network.readout.sigma_w: [-1]", "network.readout.sigma_w[0]: should be greater than 0 (found -1)"),
    (
        "inference.kernel: [nngq]",
        "inference.kernel[0]: should be 'ntk', 'nngp' or 'ntkgp' (found 'nngq'); did you mean 'nngp'?",
    ),
    (
        "inference.ridge: [auto]",
        "inference.ridge[0]: cannot be among others: leave this key out (found 'auto')",
    ),
    ("inference.time: [[1, 2]]", "inference.time[0]: should be one value (found [1, 2])"),
    ("inference.time: [-1]", "inference.time[0]: should be greater than or equal to 0 (found -1)"),
    ("inference.ridge: [x]", "inference.ridge[0]: should be a valid number or a mapping (found 'x')"),
    ("data.train: [a.csv]", "data.train: is not a key that can be tuned; did you mean 'data.relevance'?"),
]


@pytest.mark.parametrize(("line", "fault"), WRONG)
def test_a_wrong_value_is_reported_at_its_line(faults: Faults, line: str, fault: str) -> None:
    assert faults(space("network.width: [null]", line)) == [f"5: tune.space.{fault}"]


def test_every_wrong_value_is_reported(faults: Faults) -> None:
    assert faults(space("network.depth:", "- 1", "- 0", "- -1", "network.sigma_b: [-1]")) == [
        "6: tune.space.network.depth[1]: should be greater than or equal to 1 (found 0)",
        "7: tune.space.network.depth[2]: should be greater than or equal to 1 (found -1)",
        "8: tune.space.network.sigma_b[0]: should be greater than or equal to 0 or a valid list (found -1)",
    ]


def test_a_key_and_a_part_of_it_are_not_both_tuned(faults: Faults) -> None:
    assert faults(space("network.readout.sigma_w: [1]", "network.readout: [{}]")) == [
        "4: tune.space.network.readout.sigma_w: is a part of network.readout, which is tuned too: keep one"
    ]


def test_a_value_that_makes_no_network_with_any_other_is_reported(faults: Faults) -> None:
    (fault,) = faults(space("network.residual: [false, {every: 9}]", "network.depth: [3, 4]"))
    assert fault == (
        "4: tune.space.network.residual[1]: makes no network that there can be: network.residual: has no "
        "block of 9 between the first layer and the readout: use a depth of at least 11"
    )


def test_a_value_that_makes_a_network_with_some_others_is_fine(read: Read) -> None:
    assert read(space("network.residual: [false, true]", "network.depth: [1, 3]")).tune


@pytest.mark.parametrize("text", ["tune: {space: {}}", "tune: {space: }", "tune: {objective: rmse}"])
def test_an_empty_space_is_refused(faults: Faults, text: str) -> None:
    (fault,) = faults(HEAD + text)
    assert fault.startswith("2: tune.space: ")


CONFLICTS = [
    (
        "search: gird, space: {inference.ridge: [1]}",
        "search: should be 'grid', 'random' or 'tpe' (found 'gird'); did you mean 'grid'?",
    ),
    (
        "search: tpe, space: {inference.ridge: [1]}",
        "search: tpe draws networks, and space has no network.* or data.* key: use grid, which scores "
        "all kernels, ridges and times",
    ),
    (
        "objective: log_marginal_likelihood, space: {inference.ridge: [1]}",
        "objective: log_marginal_likelihood is of kernels nngp and ntkgp at time inf: tune over these, "
        "or use loo_rmse",
    ),
    (
        "validation: {folds: 2, holdout: 0.2}, space: {inference.ridge: [1]}",
        "validation.holdout: needs folds, holdout or column: keep one of them",
    ),
    (
        "validation: {folds: 1}, space: {inference.ridge: [1]}",
        "validation.folds: should be greater than or",
    ),
    (
        "trials: 0, space: {inference.ridge: [1]}",
        "trials: should be greater than or equal to 1 (found 0)",
    ),
    (
        "space: {inference.kernel: [ntkgp, ntk], inference.time: [1]}",
        "space.inference.time: kernel ntkgp is a posterior, which exists at time inf only: add inf to "
        "inference.time",
    ),
    (
        "objctive: rmse, space: {inference.ridge: [1]}",
        "objctive: is not a key that ntk knows; did you mean",
    ),
]


@pytest.mark.parametrize(("tune", "fault"), CONFLICTS)
def test_what_does_not_go_together_is_refused(faults: Faults, tune: str, fault: str) -> None:
    (found,) = faults(HEAD + f"tune: {{{tune}}}\n")
    assert found.startswith(f"2: tune.{fault}")


def test_faults_elsewhere_do_not_hide_behind_those_of_a_space(faults: Faults) -> None:
    found = faults(
        "data: {train: t.csv, target: y}\nnetwork: {depth: 0}\ntune: {space: {network.dept: [1]}}\n"
    )
    assert [fault.split(": ")[1] for fault in found] == ["network.depth", "tune.space.network.dept"]


def test_a_network_that_is_wrong_is_reported_before_what_stands_in_it(faults: Faults) -> None:
    found = faults(
        "data: {train: t.csv, target: y}\nnetwork: {depth: 0}\ntune: {space: {network.sigma_w: [-1]}}\n"
    )
    assert [fault.split(": ")[1] for fault in found] == ["network.depth"]

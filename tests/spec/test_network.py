"""The network section of a spec: what is refused, and at which line."""

from collections.abc import Callable

import pytest

Faults = Callable[[str], list[str]]

HEAD = "data: {train: train.csv, target: y}\nnetwork:\n"

# Lines below `network:` count from 3.
CONFLICTS = {
    "a short list of sigma_w": (
        "  depth: 4\n  sigma_w: [1, 2]\n",
        "4: network.sigma_w: has 2 values: depth 4 needs 4, one for each weight layer",
    ),
    "a long list of sigma_b": (
        "  sigma_b: [1, 2, 3, 4]\n",
        "3: network.sigma_b: has 4 values: depth 3 needs 3, one for each weight layer",
    ),
    "an empty list": (
        "  sigma_w: []\n",
        "3: network.sigma_w: has 0 values: depth 3 needs 3, one for each weight layer",
    ),
    "an activation for each weight layer": (
        "  activation: [relu, erf, tanh]\n",
        "3: network.activation: has 3 values: depth 3 needs 2, one for each hidden layer",
    ),
    "a list and a readout": (
        "  sigma_w: [1, 2, 3]\n  readout:\n    sigma_b: 0\n    sigma_w: 1\n",
        "6: network.readout.sigma_w: network.sigma_w is a list, whose last value is the readout's: "
        "give it there",
    ),
    "a list and a Greek readout": (
        "  σ_b: [1, 2, 3]\n  readout: {σ_b: 0}\n",
        "4: network.readout.sigma_b: network.sigma_b is a list, whose last value is the readout's: "
        "give it there",
    ),
    "a width without standard": (
        "  depth: 2\n  width: 64\n",
        "4: network.width: has a meaning with parameterization: standard only: leave it out",
    ),
    "standard without a width": (
        "  depth: 2\n  parameterization: standard\n",
        "4: network.parameterization: standard needs network.width, the width of the hidden layers",
    ),
    "more frozen layers than there are": (
        "  train:\n    first_frozen: 9\n",
        "4: network.train.first_frozen: depth 3 has 2 layers before the readout",
    ),
    "a frozen readout": (
        "  depth: 1\n  train: {first_frozen: 1}\n",
        "4: network.train.first_frozen: depth 1 has 0 layers before the readout",
    ),
    "no layer for a block": (
        "  depth: 2\n  residual: true\n",
        "4: network.residual: has no block of 1 between the first layer and the readout: "
        "use a depth of at least 3",
    ),
    "too few layers for a block": (
        "  residual:\n    scale: 0.5\n    every: 3\n",
        "3: network.residual: has no block of 3 between the first layer and the readout: "
        "use a depth of at least 5",
    ),
    "critical and residual": (
        "  residual: true\n  sigma_w: critical\n",
        "4: network.sigma_w: critical is for networks without residual: give a number",
    ),
    "critical and layer norm": (
        "  sigma_w: critical\n  layer_norm: true\n  keep_probability: 0.5\n",
        "3: network.sigma_w: critical is for networks without layer_norm: give a number",
    ),
    "critical and dropout": (
        "  σ_w: critical\n  keep_probability: 0.5\n",
        "3: network.sigma_w: critical is for networks without dropout: give a number",
    ),
}

# What stands under network, and how its fault starts.
OUT_OF_RANGE = [
    ("depth: 2.5", "network.depth: should be a valid integer"),
    ("sigma_w: 0", "network.sigma_w: should be greater than 0"),
    ("sigma_w: inf", "network.sigma_w: should be a finite number"),
    ("sigma_w: critcal", "network.sigma_w: should be "),
    ("sigma_w: null", "network.sigma_w: should be "),
    ("sigma_w: true", "network.sigma_w: should be "),
    ("sigma_b: critical", "network.sigma_b: should be "),
    ("sigma_b: [0, -1, 0]", "network.sigma_b"),
    ("sigma_w: [1, x, 1]", "network.sigma_w"),
    ("sigma_w: [[1], 1, 1]", "network.sigma_w"),
    ("readout: {sigma_w: 0}", "network.readout.sigma_w: should be greater than 0 (found 0)"),
    ("readout: {sigma_b: -1}", "network.readout.sigma_b: should be greater than or equal to 0 (found -1)"),
    (
        "readout: {sigma_v: 1}",
        "network.readout.sigma_v: is not a key that ntk knows; did you mean 'sigma_w'?",
    ),
    ("train: reedout", "network.train: should be 'all' or 'readout'"),
    ("train: 1", "network.train: should be 'all' or 'readout'"),
    ("train: null", "network.train: should be 'all' or 'readout'"),
    ("train: {first_frozen: -1}", "network.train"),
    ("train: {first_frozen: 1.5}", "network.train"),
    ("bias_init: zeros", "network.bias_init: should be 'normal' or 'zero' (found 'zeros')"),
    ("residual: yess", "network.residual: should be a section"),
    ("residual: 1", "network.residual: should be a section"),
    ("residual: {every: 0}", "network.residual.every: should be greater than or equal to 1 (found 0)"),
    ("residual: {every: 1.0}", "network.residual.every: should be a valid integer (found 1.0)"),
    ("residual: {scale: 0}", "network.residual.scale: should be greater than 0 (found 0)"),
    ("residual: {evry: 1}", "network.residual.evry: is not a key that ntk knows"),
    ("layer_norm: 1", "network.layer_norm: should be a valid boolean (found 1)"),
    ("keep_probability: 0", "network.keep_probability: should be greater than 0 (found 0)"),
    ("keep_probability: 1.5", "network.keep_probability: should be less than or equal to 1 (found 1.5)"),
    ("parameterization: standrd", "network.parameterization: should be 'ntk' or 'standard'"),
    ("width: 0", "network.width: should be greater than or equal to 1 (found 0)"),
    ("width: 1.5", "network.width: should be a valid integer (found 1.5)"),
]


@pytest.mark.parametrize(("lines", "fault"), CONFLICTS.values(), ids=CONFLICTS)
def test_what_does_not_go_together_is_reported_at_its_line(faults: Faults, lines: str, fault: str) -> None:
    assert faults(HEAD + lines) == [fault]


@pytest.mark.parametrize(("text", "fault"), OUT_OF_RANGE)
def test_a_value_that_is_none_is_reported_in_one_line(faults: Faults, text: str, fault: str) -> None:
    (found,) = faults(f"{HEAD}\n  {text}\n")
    assert found.startswith(f"4: {fault}")


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        ("  train: {}\n", "3: network.train.first_frozen: is missing, and has no default"),
        ("  train:\n    first_frozen: x\n", "4: network.train.first_frozen: should be a valid integer"),
        ("  train:\n    first_frozen: -1\n", "4: network.train.first_frozen: should be greater than"),
    ],
)
def test_a_fault_within_train_is_reported_once_and_at_its_line(
    faults: Faults, lines: str, fault: str
) -> None:
    (found,) = faults(HEAD + lines)
    assert found.startswith(fault)


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        (
            "  sigma_w:\n    - 1\n    - 0\n    - 1\n",
            "5: network.sigma_w[1]: should be greater than 0 (found 0)",
        ),
        ("  sigma_b: [0, x, 0]\n", "3: network.sigma_b[1]: should be a valid number"),
    ],
)
def test_a_fault_in_a_list_is_reported_at_its_item(faults: Faults, lines: str, fault: str) -> None:
    (found,) = faults(HEAD + lines)
    assert found.startswith(fault)


def test_a_misspelt_key_of_train_is_reported_with_the_one_meant(faults: Faults) -> None:
    expected = "4: network.train.frist_frozen: is not a key that ntk knows; did you mean 'first_frozen'?"
    assert expected in faults(HEAD + "  train:\n    frist_frozen: 1\n")


def test_a_misspelt_key_of_residual_is_reported_with_the_one_meant(faults: Faults) -> None:
    (fault,) = faults(HEAD + "  residual: {evry: 1}\n")
    assert fault == "3: network.residual.evry: is not a key that ntk knows; did you mean 'every'?"


def test_faults_of_several_kinds_of_keys_are_reported_at_once(faults: Faults) -> None:
    lines = "  depth: 0\n  keep_probability: 2\n  residual: {every: 0}\n"
    lines += "  readout: {sigma_w: x}\n  activation: rleu\n"
    assert [fault.split(": ")[:2] for fault in faults(HEAD + lines)] == [
        ["3", "network.depth"],
        ["4", "network.keep_probability"],
        ["5", "network.residual.every"],
        ["6", "network.readout.sigma_w"],
        ["7", "network.activation"],
    ]

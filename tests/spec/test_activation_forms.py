"""Activations in a spec: names and parameters in all their forms."""

from collections.abc import Callable
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ntkcli.errors import SpecError
from ntkcli.jobs.network import activation_of, setting_text
from ntkcli.kernels.activations.catalogue import ACTIVATIONS
from ntkcli.spec.file import read_spec
from ntkcli.spec.network import NetworkSpec
from ntkcli.spec.spec import Spec

Read = Callable[[str], Spec]

HEAD = "data: {train: train.csv, target: y}\nnetwork:\n  activation:"

ODDITIES = [
    "relu",
    "{name: relu}",
    "leaky_relu",
    "*a",
    "&a relu",
    "!!binary é",
    "!!set {relu}",
    "=",
    "2020-02-30",
]
NAMES = st.sampled_from([*ACTIVATIONS, "", "name", "σ_w"])
KEYS = st.sampled_from(
    ["name", "slope", "a", "b", "degree", "coefficients", "gamma", "0", "1", "", "a.b", "~"]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.dates() | st.text(max_size=5) | NAMES
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(KEYS | st.text(max_size=2), inner, max_size=3)
    ),
    max_leaves=6,
)
NAMED = st.builds(
    lambda name, others: others | {"name": name}, NAMES, st.dictionaries(KEYS, SCALARS | st.lists(SCALARS))
)
TEXTS = st.sampled_from(ODDITIES) | (VALUES | NAMED | st.lists(NAMED, max_size=3)).map(
    lambda value: yaml.safe_dump(value, default_flow_style=True, allow_unicode=True).removesuffix("...\n")
)


def activation(read: Read, text: str) -> Any:
    """The activation that is read from what stands behind its key."""
    return read(HEAD + text).network.activation


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_is_read_with_its_defaults_and_made(read: Read, name: str) -> None:
    parameters = ACTIVATIONS[name].parameters
    needed = {parameter.name: parameter.example for parameter in parameters if parameter.default is None}
    setting = activation(read, " " + yaml.safe_dump({"name": name, **needed}, default_flow_style=True))
    assert setting == ({"name": name} | {p.name: p.example for p in parameters} if parameters else name)
    assert activation_of(setting).work_arrays >= 1
    assert setting_text(setting).startswith(name)
    if not needed:
        assert activation(read, f" {name}") == setting


@pytest.mark.parametrize("text", ["1e-3", "0.001", "'0.001'", "1E-3", "+.001"])
def test_a_parameter_is_read_as_people_write_it(read: Read, text: str) -> None:
    assert activation(read, f" {{name: leaky_relu, slope: {text}}}") == {"name": "leaky_relu", "slope": 1e-3}


def test_names_and_mappings_may_share_a_list(read: Read) -> None:
    assert activation(read, "\n    - {name: leaky_relu, slope: 1e-1}\n    - tanh") == [
        {"name": "leaky_relu", "slope": 0.1},
        "tanh",
    ]


def test_reading_a_setting_again_changes_nothing() -> None:
    once = NetworkSpec.model_validate({"activation": "erf"})
    assert NetworkSpec.model_validate(once.model_dump()) == once


@settings(max_examples=300)
@given(text=TEXTS)
def test_whatever_stands_there_it_is_read_or_refused_at_a_line(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "activation.yaml"
    path.write_text(f"{HEAD} {text}\n", encoding="utf-8")
    refused = ""
    try:
        read_spec(path)
    except SpecError as error:
        refused = str(error)
    assert all(line.removeprefix(f"{path}:")[0].isdigit() for line in refused.splitlines())

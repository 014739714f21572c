"""Activations in a spec: what is refused, and at which line."""

from collections.abc import Callable

import pytest

Faults = Callable[[str], list[str]]

HEAD = "data: {train: train.csv, target: y}\nnetwork:\n  activation:"
NEITHER = "should be an activation's name, or a mapping with `name`"

# What stands behind `activation:` in line 3, and the fault.
FAULTS = {
    "an unknown name": (
        " rellu",
        "3: network.activation: 'rellu' is not an activation that ntk knows; did you mean 'relu'?",
    ),
    "an unknown name like none": (
        " zzz",
        "3: network.activation: 'zzz' is not an activation that ntk knows; `ntk activations` lists them",
    ),
    "an unknown name in a mapping": (
        "\n    slope: 1\n    name: leaky_rleu",
        "5: network.activation.name: 'leaky_rleu' is not an activation that ntk knows; "
        "did you mean 'leaky_relu'?",
    ),
    "an unknown name in a list": (
        "\n    - relu\n    - rellu",
        "5: network.activation[1]: 'rellu' is not an activation that ntk knows; did you mean 'relu'?",
    ),
    "an unknown name in a mapping in a list": (
        "\n    - relu\n    - slope: 1\n      name: leaky",
        "6: network.activation[1].name: 'leaky' is not an activation that ntk knows",
    ),
    "a misspelt parameter": (
        "\n    name: leaky_relu\n    slop: 1",
        "5: network.activation.slop: leaky_relu has no parameter 'slop'; did you mean 'slope'?",
    ),
    "a parameter of none": (
        "\n    name: tanh\n    zzz: 1",
        "5: network.activation.zzz: tanh has no parameter 'zzz'; it has none",
    ),
    "a parameter unlike any": (
        "\n    name: erf\n    zzz: 1",
        "5: network.activation.zzz: erf has no parameter 'zzz'; it has a, b, c",
    ),
    "a misspelt parameter in a list": (
        "\n    - relu\n    - name: leaky_relu\n      slop: 1",
        "6: network.activation[1].slop: leaky_relu has no parameter 'slop'; did you mean 'slope'?",
    ),
    "a missing parameter": (
        "\n    name: polynomial",
        "3: network.activation: polynomial needs the parameter coefficients",
    ),
    "one missing of two": (
        "\n    name: abrelu\n    b: 1",
        "3: network.activation: abrelu needs the parameter a",
    ),
    "a missing parameter of a bare name": (" abrelu", "3: network.activation: abrelu needs the parameter a"),
    "a word for a number": (
        "\n    name: leaky_relu\n    slope: steep",
        "5: network.activation.slope: slope of leaky_relu should be a number from ",
    ),
    "a list for a number": (
        "\n    name: leaky_relu\n    slope: [1]",
        "5: network.activation.slope: slope of leaky_relu should be a number from ",
    ),
    "no number in a list": (
        "\n    - relu\n    - {name: erf, b: .nan}",
        "5: network.activation[1].b: b of erf should be a number from ",
    ),
    "an infinite number": (
        "\n    name: gaussian\n    b: inf",
        "5: network.activation.b: b of gaussian should be a number from ",
    ),
    "0 where it is above": (
        "\n    name: rbf\n    gamma: 0",
        "5: network.activation.gamma: gamma of rbf should be a number from ",
    ),
    "a degree beyond": (
        "\n    name: rectified_monomial\n    degree: 5",
        "5: network.activation.degree: degree of rectified_monomial should be a whole number from 0 to 4 "
        "(found 5)",
    ),
    "a degree below 0": (
        " {name: hermite, degree: -1}",
        "3: network.activation.degree: degree of hermite should be a whole number from 0 to 100 (found -1)",
    ),
    "a degree with a fraction": (
        " {name: monomial, degree: 2.0}",
        "3: network.activation.degree: degree of monomial should be a whole number from 0 to 20 (found 2.0)",
    ),
    "a switch for a degree": (
        " {name: monomial, degree: true}",
        "3: network.activation.degree: degree of monomial should be a whole number from 0 to 20 (found True)",
    ),
    "no coefficients": (
        " {name: polynomial, coefficients: []}",
        "3: network.activation.coefficients: coefficients of polynomial should be a list of 1 to 21 numbers",
    ),
    "one coefficient that is none": (
        "\n    name: polynomial\n    coefficients: [1, x]",
        "5: network.activation.coefficients: coefficients of polynomial should be a list of 1 to 21 numbers",
    ),
    "a number for coefficients": (
        " {name: polynomial, coefficients: 3}",
        "3: network.activation.coefficients: coefficients of polynomial should be a list of 1 to 21 numbers",
    ),
    "a number": (" 3", f"3: network.activation: {NEITHER} (found 3)"),
    "nothing": ("", f"3: network.activation: {NEITHER}"),
    "no name": ("\n    slope: 1", f"3: network.activation: {NEITHER}"),
    "a name that is a number": (" {name: 3}", f"3: network.activation: {NEITHER}"),
    "a list in a list": (" [relu, [erf]]", f"3: network.activation[1]: {NEITHER} (found ['erf'])"),
    "a number in a list": ("\n    - relu\n    - 3", f"5: network.activation[1]: {NEITHER} (found 3)"),
    "a parameter given twice": (
        "\n    name: erf\n    a: 1\n    a: 2",
        "6: network.activation.a: given twice",
    ),
}


@pytest.mark.parametrize(("text", "fault"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_reported_at_its_line_and_key(faults: Faults, text: str, fault: str) -> None:
    (found,) = faults(HEAD + text)
    assert found.startswith(fault)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            "\n    - relu\n    - {name: abrelu, a: 1}",
            "5: network.activation[1]: abrelu needs the parameter b",
        ),
        ("\n    - relu\n    - slope: 1", f"5: network.activation[1]: {NEITHER}"),
    ],
)
def test_what_a_mapping_in_a_list_lacks_is_reported_at_the_mapping(
    faults: Faults, text: str, fault: str
) -> None:
    assert faults(HEAD + text) == [fault]


def test_integers_beyond_float64_are_refused(faults: Faults) -> None:
    (fault,) = faults(f"{HEAD} {{name: leaky_relu, slope: {'9' * 400}}}")
    assert fault.startswith("3: network.activation.slope: slope of leaky_relu should be a number")


@pytest.mark.parametrize("key", ["²", "①"])
def test_keys_that_look_like_digits_are_refused(faults: Faults, key: str) -> None:
    (fault,) = faults(f"{HEAD} {{name: relu, {key}: 1}}")
    assert fault.startswith(f"3: network.activation.{key}: relu has no parameter {key!r}")

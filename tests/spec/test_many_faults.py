"""Specs with very many faults, or very many values: reported briefly and quickly."""

from collections.abc import Callable
from time import perf_counter

import pytest

from ntkcli.spec.spec import Spec

Read = Callable[[str], Spec]
Faults = Callable[[str], list[str]]

DATA = "data: {train: train.csv, target: y}\n"
MANY = 8_000


def listed(name: str) -> str:
    return f"[{', '.join(f'{name}{i}' for i in range(MANY))}]"


UNKNOWN = {
    "keys": f"{DATA}network:\n" + "".join(f"  key{i}: 1\n" for i in range(MANY)),
    "sections": DATA + "".join(f"part{i}: 1\n" for i in range(MANY)),
    "keys of a space": f"{DATA}tune:\n  space:\n" + "".join(f"    key{i}: [1]\n" for i in range(MANY)),
    "times": f"{DATA}inference: {{time: {listed('t')}}}\n",
    "keys given twice": f"{DATA}network:\n" + "  depth: 2\n" * (MANY + 1),
}


@pytest.mark.parametrize("text", UNKNOWN.values(), ids=UNKNOWN)
def test_of_very_many_faults_the_first_are_reported_and_how_many_more(faults: Faults, text: str) -> None:
    start = perf_counter()
    *found, last = faults(text)
    assert len(found) == 30
    assert last == f" ... and {MANY - 30:,} more faults"
    assert perf_counter() - start < 12


def test_thirty_faults_are_all_reported(faults: Faults) -> None:
    assert len(faults(DATA + "".join(f"part{i}: 1\n" for i in range(30)))) == 30


def test_of_one_fault_more_there_is_one(faults: Faults) -> None:
    assert faults(DATA + "".join(f"part{i}: 1\n" for i in range(31)))[-1] == " ... and 1 more fault"


def test_thousands_of_columns_are_soon_found_to_be_distinct(read: Read) -> None:
    start = perf_counter()
    assert len(read(f"data: {{train: t.csv, target: y, features: {listed('c')}}}").data.features) == MANY
    assert perf_counter() - start < 4


def test_of_many_names_given_twice_the_first_are_reported(faults: Faults) -> None:
    (fault,) = faults(f"data: {{train: t.csv, target: {listed('c').replace(']', ', ') + listed('c')[1:]}}}")
    assert "has twice: c0, c1, " in fault
    assert len(fault) < 250


@pytest.mark.parametrize("values", ["[[1, 2, 3], [1, 2, 3]]", "[1, 2, 1]", "[1, 1.0]"])
def test_a_value_of_a_space_is_there_once_be_it_a_number_or_a_list(faults: Faults, values: str) -> None:
    (fault,) = faults(f"{DATA}tune: {{space: {{network.sigma_w: {values}}}}}")
    assert "should name everything once" in fault


@pytest.mark.parametrize("key", ["a\\nb", "a\\rb", "a\\u2028b", "a\\u0085b", "\\e[2J"])
def test_a_key_with_control_characters_is_reported_in_one_line(faults: Faults, key: str) -> None:
    (fault,) = faults(f'{DATA}"{key}": 1\n')
    assert fault.isprintable()


def test_names_with_line_ends_are_reported_in_one_line(faults: Faults) -> None:
    (fault,) = faults('data: {train: t.csv, target: ["a\\nb", "a\\nb"]}')
    assert fault.endswith("but has twice: a\\nb (found ['a\\nb', 'a\\nb'])")

"""Documents that are small to write and large to read."""

from collections.abc import Callable
from time import perf_counter

import pytest

from ntkcli.spec.spec import Spec
from ntkcli.spec.yaml_document import MOST_LEVELS

Read = Callable[[str], Spec]
Faults = Callable[[str], list[str]]

DATA = "data: {train: train.csv, target: y}\n"


def doubling(first: str, line: str, levels: int, count: int) -> str:
    """Lines that each refer `count` times to the one before."""
    lines = [f"a0: &a0 {first}"]
    lines += [f"a{i}: &a{i} " + line.format(", ".join([f"*a{i - 1}"] * count)) for i in range(1, levels)]
    return "\n".join(lines) + "\n"


BOMBS = {
    "lists": doubling("[1, 2, 3]", "[{}]", 9, 9),
    "mappings": doubling("{b: 1}", "{{b: [{}]}}", 9, 9),
    "merges": doubling("{b: 1, c: 2}", "{{<<: [{}]}}", 9, 9),
    "one large list": f"a: &a [{', '.join('1' * 2000)}]\nb: [{', '.join(['*a'] * 2000)}]\n",
    "one large merge": "a: &a {" + ", ".join(f"k{i}: 1" for i in range(2000)) + "}\n"
    f"b: {{<<: [{', '.join(['*a'] * 2000)}]}}\n",
}
DEEP = {
    "brackets": "[" * 3000 + "]" * 3000,
    "braces": "{a: " * 3000 + "}" * 3000,
    "brackets that never close": "[\n" * 3000,
    "lines": "\n" + "".join(" " * i + "a:\n" for i in range(1, 2000)),
    "a little too deep": "[" * (MOST_LEVELS + 1) + "]" * (MOST_LEVELS + 1),
}
ENDLESS = {
    "a mapping": "data: &a {train: *a, target: y}",
    "a list": "data: {train: t.csv, target: &a [y, *a]}",
    "a merge": "data: &a {<<: *a, train: t.csv, target: y}",
    "a merge of a merge": "data: &a {<<: {<<: *a}, train: t.csv, target: y}",
}


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS)
def test_aliases_that_make_too_much_of_a_document_are_refused_at_once(faults: Faults, text: str) -> None:
    start = perf_counter()
    (fault,) = faults(text)
    assert fault.endswith("aliases repeat more than 100,000 values: use fewer of them")
    assert perf_counter() - start < 20


def test_a_key_of_aliases_is_refused_at_once(faults: Faults) -> None:
    (fault,) = faults(doubling("[1, 2, 3]", "[{}]", 9, 9) + "? *a8\n: 1\n")
    assert fault.endswith("a key is a list or a mapping: it should be a word")


def test_what_is_named_once_may_be_used_a_few_dozen_times(read: Read) -> None:
    uses = ", ".join(["&a {name: erf, a: 2}"] + ["*a"] * 47)
    network = read(f"{DATA}network: {{depth: 49, activation: [{uses}]}}").network
    assert network.activation == [{"name": "erf", "a": 2, "b": 1.0, "c": 0.0}] * 48


def test_a_long_list_may_be_used_again(read: Read) -> None:
    names = [f"c{i}" for i in range(3000)]
    spec = read(f"data: {{train: t.csv, target: y, features: &all [{', '.join(names)}], log: *all}}")
    assert spec.data.log == spec.data.features == names


def test_of_merged_mappings_the_first_wins_and_own_keys_win_over_all(read: Read) -> None:
    merged = "<<: [{depth: 2, sigma_b: 1}, {depth: 3, sigma_b: 2, sigma_w: 3}]"
    network = read(f"{DATA}network: {{{merged}, sigma_b: 0.5}}").network
    assert (network.depth, network.sigma_b, network.sigma_w) == (2, 0.5, 3.0)


@pytest.mark.parametrize("value", ["3", "[3]", "[[{depth: 2}]]"])
def test_only_mappings_can_be_merged(faults: Faults, value: str) -> None:
    assert faults(f"{DATA}network: {{<<: {value}}}") == [
        "2: not valid YAML: << takes a mapping, or a list of mappings"
    ]


@pytest.mark.parametrize("text", DEEP.values(), ids=DEEP)
def test_what_is_nested_too_deeply_is_said_to_be(faults: Faults, text: str) -> None:
    (fault,) = faults(f"{DATA}network: {text}")
    assert fault.endswith("the spec is nested too deeply: 100 levels are the most")


def test_merges_of_merges_have_a_depth_too(faults: Faults) -> None:
    lines = ["a0: &a0 {b: 1}", *(f"a{i}: &a{i} {{<<: *a{i - 1}}}" for i in range(1, 2000))]
    assert faults("\n".join(lines)) == ["1: the spec is nested too deeply: 100 levels are the most"]


@pytest.mark.parametrize("text", ENDLESS.values(), ids=ENDLESS)
def test_an_alias_that_contains_itself_is_refused(faults: Faults, text: str) -> None:
    assert faults(text) == ["1: the spec is nested without end: an alias contains itself"]

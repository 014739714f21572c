"""Values of a spec that do not fit their tag, and text that is none."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ntkcli.spec.file import read_spec, spec_text
from ntkcli.spec.spec import Spec

Read = Callable[[str], Spec]
Faults = Callable[[str], list[str]]

DATA = "data: {train: train.csv, target: y}\n"

MISFITS = {
    "bool": ["maybe", "''", "1"],
    "int": ["three", "''", "_", "0x", "1:a"],
    "float": ["x", "''", "1:x"],
    "timestamp": ["x", "''", "2020-13-45", "2001-12-14t21:59:43.10 +99:99"],
    "binary": ["é", "a"],
}
HUGE = {
    "a decimal": "9" * 6000,
    "a hexadecimal": "0x" + "f" * 6000,
    "a time of 3000 parts": "1" + ":00" * 3000,
    "a fraction of 300 parts": "1" + ":00" * 300 + ".",
}
MEANINGLESS = [
    *("!!set x", "!!omap x", "!!pairs x", "!!seq x", "!!map x", "!mine x", "!!python/name:os.system ''"),
    *("!!set {depth}", "!!map [1]", "!!int [1]", "!!omap [a: 1]", "!mine [1]", "!!python/object:os.x {a: 1}"),
]
HALVES = {
    "a column": 'data: {train: t.csv, target: "\\ud800"}',
    "a path": 'data: {train: "\\ud800.csv", target: y}',
    "a directory": DATA + 'output: {dir: "r\\ud8ff"}',
    "a key": DATA + '"\\ud800": 1',
    "a name in a space": DATA + 'tune: {space: {network.activation: ["\\ud800"]}}',
    "a key of a space": DATA + 'tune: {space: {"network.\\udfff": [1]}}',
}


@pytest.mark.parametrize(("tag", "text"), [(tag, text) for tag, texts in MISFITS.items() for text in texts])
def test_a_text_that_its_tag_does_not_fit_is_reported_with_its_line(
    faults: Faults, tag: str, text: str
) -> None:
    (fault,) = faults(f"{DATA}network:\n  depth: !!{tag} {text}\n")
    assert fault.startswith("3: not valid YAML: '")
    assert f"is no !!{tag}: correct it, or write it in quotes" in fault


@pytest.mark.parametrize("text", HUGE.values(), ids=HUGE)
def test_a_number_of_thousands_of_digits_is_reported_in_a_short_line(faults: Faults, text: str) -> None:
    (fault,) = faults(f"{DATA}network: {{width: {text}}}")
    assert fault.startswith("2: ")
    assert len(fault) < 200


@pytest.mark.parametrize("value", MEANINGLESS)
def test_a_tag_that_says_nothing_of_a_value_is_refused(faults: Faults, value: str) -> None:
    (fault,) = faults(f"{DATA}network: {value}\n")
    assert fault.startswith("2: not valid YAML: the tag !")
    assert fault.endswith("has no meaning here: leave it out")


@pytest.mark.parametrize("text", HALVES.values(), ids=HALVES)
def test_half_a_character_is_refused_wherever_it_stands(faults: Faults, text: str) -> None:
    (fault,) = faults(text)
    assert "holds half a character" in fault
    assert fault.isprintable()


def test_a_path_may_have_bytes_that_are_no_text(read: Read, tmp_path: Path) -> None:
    spec = read('data: {train: "\\udcff.csv", target: y}')
    assert spec.data.train == tmp_path / os.fsdecode(b"\xff.csv")
    (tmp_path / "written.yaml").write_text(spec_text(spec, home=tmp_path), encoding="utf-8")
    assert read_spec(tmp_path / "written.yaml").spec.data == spec.data


def test_a_character_in_two_halves_as_json_has_it_is_one(read: Read) -> None:
    assert read('{"data": {"train": "t.csv", "target": "\\ud83d\\ude00"}}').data.target == ["\U0001f600"]


@pytest.mark.parametrize(
    "text", ['x: "\\UFFFFFFFF"', 'x: "\\U00110000"', "%YAML " + "9" * 5000 + ".1\n---\nx"]
)
def test_a_number_that_a_character_or_a_version_cannot_have_is_reported(faults: Faults, text: str) -> None:
    (fault,) = faults(text)
    assert fault == "1: not valid YAML: a number of a character, or of a version, is out of range"


@pytest.mark.parametrize("key", ["[a, b]", "{a: b}", "*a"])
def test_a_key_that_is_no_word_is_refused(faults: Faults, key: str) -> None:
    (fault,) = faults(f"data: &a {{train: t.csv, target: y}}\n? {key}\n: 1\n")
    assert fault.endswith("a key is a list or a mapping: it should be a word")

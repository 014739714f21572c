"""The specs that other tests of this folder refuse, as texts."""

from collections.abc import Iterable
from typing import Any

import yaml

from . import (
    test_activation,
    test_approximation,
    test_csv_format,
    test_data,
    test_file,
    test_inference,
    test_network,
    test_simulate,
    test_spec,
    test_tune,
)

DATA = "data: {train: t.csv, target: y}\n"
MEMORIES = ["-1", "0", "lots", "true", "1.5", "8 GB or so", "[8GiB]", "inf"]
TOLERANCES = ["0", "1", "-1", "nan", ".nan", "inf", "small", "true"]

# What stands before some texts and behind them, to make specs of them.
PARTS: list[tuple[str, Iterable[str], str]] = [
    ("data:\n  train: t.csv\n  target: y\n  ", [line for line, *_ in test_data.WRONG], ""),
    ("data:\n  train: t.csv\n  target: y\n  csv: {", [line for line, _ in test_csv_format.WRONG], "}"),
    (f"{DATA}inference:\n  ", [line for line, *_ in test_inference.WRONG], ""),
    (f"{DATA}inference:\n  approximation: ", [value for value, _ in test_approximation.WRONG], ""),
    (f"{DATA}network:\n  ", [line for line, _ in test_network.OUT_OF_RANGE], ""),
    (f"{DATA}network:\n  activation:", [text for text, _ in test_activation.FAULTS.values()], ""),
    (f"{DATA}simulate:\n  ", [line for line, _ in test_simulate.WRONG], ""),
    (f"{test_tune.space()}    ", [line for line, fault in test_tune.WRONG_DATA if fault], ""),
    (f"{test_tune.space()}    ", [line for line, _ in test_tune.WRONG], ""),
    (f"{DATA}tune: {{", [tune for tune, _ in test_tune.CONFLICTS], "}"),
    (f"{DATA}compute: {{memory: ", MEMORIES, "}"),
    (f"{DATA}compute: {{tolerance: ", TOLERANCES, "}"),
    (DATA, [text for text, _ in test_file.MISSPELT_VALUES], ""),
    ("", [text for text, *_ in test_file.MISSPELT], ""),
    ("", [test_file.EVERYTHING_WRONG], ""),
]


def rejected() -> list[str]:
    """Return specs with a value or a key that is wrong, most of them by itself."""
    texts = [f"{before}{text}{behind}\n" for before, parts, behind in PARTS for text in parts]
    return [*texts, *map(_text_with, test_spec.WRONG)]


def _text_with(wrong: tuple[str, Any]) -> str:
    key, value = wrong
    section, name = key.split(".")
    sections: dict[str, dict[str, Any]] = {"data": {"train": "t.csv", "target": "y"}}
    sections[section] = sections.get(section, {}) | {name: value}
    return yaml.safe_dump(sections)

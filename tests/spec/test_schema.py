"""The JSON schema: it takes what `ntk` takes, and refuses what a schema can refuse."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from ntkcli.drafts.draft import Draft
from ntkcli.drafts.spec_text import spec_text as drafted
from ntkcli.drafts.templates import TEMPLATES
from ntkcli.kernels.activations.catalogue import ACTIVATIONS
from ntkcli.spec.file import spec_text
from ntkcli.spec.schema import spec_schema
from ntkcli.spec.spec import Spec
from ntkcli.spec.yaml_document import Document

from . import test_spec
from .rejected import DATA, rejected
from .test_network_forms import FORMS
from .validation import SCHEMA, VALIDATOR, faults, properties, readings, words

ROOT = Path(__file__).parent.parent.parent
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
BLOCKS = [
    pytest.param(text, id=f"{page.stem}-{i}")
    for page in PAGES
    for i, text in enumerate(
        re.findall(r"^```yaml\n(.*?)^```$", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    )
]
CONFIGS = [
    pytest.param(path.read_text(encoding="utf-8"), id=path.stem)
    for path in sorted((ROOT / "configs").glob("*.yaml"))
]

# What a schema cannot see, with parts of the rejected specs where that is all that is wrong.
BEYOND = {
    "JSON has no NaN, which is neither below nor above a limit": [
        "b: .nan",
        "tolerance: .nan",
        "sigma_w: .nan",
        "time: .nan",
    ],
    "2.0 is an integer in JSON": ["every: 1.0", "degree: 2.0", "depth: 2.0"],
    "inf and .inf are one number in two forms": ["time:\n  - inf\n  - .inf"],
    "the encodings are Python's": ["encoding: utf8000", "encoding: rot13", "encoding: base64"],
    "parsers tell of keys given twice": ["a: 1\n    a: 2"],
    "two keys contradict each other": [
        "centres: 300, sample: 200",
        "low: 2, high: 1",
        "low: 0, high: 1, log: true",
        "search: tpe, space: {inference.ridge: [1]}",
        "objective: log_marginal_likelihood",
        "folds: 2, holdout: 0.2",
        "[ntkgp, ntk], inference.time: [1]",
        "data.log: [[], [y]]",
    ],
    "two values of a list contradict each other": ["widths: [64, 32]", "widths: [8, 64, 32, 16]"],
}


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(spec_schema())
    assert json.loads(json.dumps(spec_schema(), allow_nan=False)) == spec_schema()


def test_every_key_has_a_description_and_a_default_unless_it_is_required() -> None:
    found = list(properties(SCHEMA))
    assert len(found) > 100
    # Of a spec that extends no other.
    assert SCHEMA["then"]["properties"]["data"]["required"] == ["train", "target"]
    needed = {"/data", "/$defs/DataSpec/train", "/$defs/DataSpec/target", "/$defs/TuneSpec/space"}
    for path, key, is_required in found:
        if re.search(r"/(Activation|allOf|space|then)/", path) or path in {*needed, "/extends"}:
            continue
        assert key.get("description"), path
        has_another_name = path.rpartition("/")[2] in ("σ_w", "σ_b", "dropout")
        assert is_required or has_another_name or "default" in key, path


def test_every_default_is_valid() -> None:
    for path, key, _ in properties(SCHEMA):
        if "default" in key:
            assert VALIDATOR.evolve(schema={**key, "$defs": SCHEMA["$defs"]}).is_valid(key["default"]), path


def test_every_activation_is_told_of() -> None:
    assert set(ACTIVATIONS) <= set(words(SCHEMA["$defs"]["Activation"]))


@pytest.mark.parametrize("text", [*BLOCKS, *CONFIGS])
def test_every_documented_spec_is_valid(text: str) -> None:
    assert [faults(values) for values in readings(text)] == [[], []]


@pytest.mark.parametrize("template", [None, *TEMPLATES])
def test_every_draft_is_valid(template: Any, tmp_path: Path) -> None:
    lines = [f"{i},{i % 7},{i % 3},2020-01-{i % 28 + 1:02}" for i in range(60)]
    (tmp_path / "t.csv").write_text("\n".join(["a,b,y,when", *lines]))
    draft = Draft.of(tmp_path / "t.csv", target="y", test=None, task=None, ask=None)
    assert [faults(values) for values in readings(drafted(draft, tmp_path, template))] == [[], []]


@pytest.mark.parametrize(
    "text",
    [
        DATA,
        DATA + "network:\ninference:\noutput:\ncompute:\ntune:\nsimulate:\n",
        DATA + "inference: {kernel: ntk, time: inf, ridge: 1e-3}\ncompute: {memory: 8GiB}\n",
        DATA + "network: {σ_w: 1e-3, readout: {σ_b: 0}, dropout: 0.5}\n",
        DATA + "tune: {space: {network.dropout: [0.5, 1]}}\n",
        DATA + "tune: {space: {network.depth: {low: '1', high: 4}, network.residual: [false, {every: 2}]}}\n",
        "data: {train: t.csv, target: 2020, features: [1, b], missing: {2021: mean}}\n",
    ],
)
def test_what_people_write_is_valid(text: str) -> None:
    values, seen = readings(text)
    seen = json.loads(json.dumps(seen).replace("Infinity", "1e999"))
    assert (faults(values), faults(seen)) == ([], [])


@pytest.mark.parametrize("form", [given for given, _ in FORMS], ids=str)
def test_every_form_of_a_network_is_valid(form: dict[str, Any]) -> None:
    assert faults({"data": {"train": "t.csv", "target": "y"}, "network": form}) == []


@pytest.mark.parametrize("section", ["", "tune: {space: {network.depth: {low: 1, high: 3}}}", "simulate:"])
def test_a_spec_that_a_run_wrote_is_valid(read: Callable[[str], Spec], section: str, tmp_path: Path) -> None:
    text = spec_text(read(DATA + section), home=tmp_path)
    assert [faults(values) for values in readings(text)] == [[], []]


@pytest.mark.parametrize("memory", [size for size, _ in test_spec.MEMORY])
def test_every_size_of_memory_is_valid(memory: object) -> None:
    assert faults({"data": {"train": "t.csv", "target": "y"}, "compute": {"memory": memory}}) == []


@pytest.mark.parametrize(
    ("text", "is_valid"),
    [
        ("network: {depth: 2}", True),
        ("data: {test: t.csv}\ntune: {search: grid}\nsimulate:\n", True),
        ("", True),
        ("data: {split: {seed: 1}}", False),
        ("network: {dpth: 2}", False),
    ],
)
def test_a_spec_that_extends_another_need_not_be_whole(text: str, is_valid: bool) -> None:
    assert bool(faults(Document(f"extends: base.yaml\n{text}").values)) is not is_valid
    assert faults(Document(text).values)


def test_a_name_and_its_other_name_are_not_both_given() -> None:
    for network in ({"sigma_w": 1, "σ_w": 1}, {"dropout": 1, "keep_probability": 1}):
        assert faults({"data": {"train": "t.csv", "target": "y"}, "network": network})


def test_what_is_rejected_is_invalid_but_for_what_no_schema_sees() -> None:
    texts = rejected()
    assert len(texts) > 300
    beyond = [part for parts in BEYOND.values() for part in parts]
    valid = [text for text in texts if not faults(Document(text).values)]
    assert [text for text in valid if not any(part in text for part in beyond)] == []
    assert [part for part in beyond if not any(part in text for text in valid)] == []


def test_the_command_prints_the_schema(ntk: Callable[..., CompletedProcess[str]]) -> None:
    outcome = ntk("schema")
    assert (outcome.returncode, outcome.stderr) == (0, "")
    assert json.loads(outcome.stdout) == spec_schema()

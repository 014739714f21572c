"""The templates, by what the spec that they make says."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from ntkcli.cli.init import init
from ntkcli.drafts.draft import Draft
from ntkcli.drafts.spec_text import spec_text
from ntkcli.drafts.templates import TEMPLATES, Template


@pytest.fixture
def draft(tmp_path: Path) -> Draft:
    table = pd.DataFrame(np.random.default_rng(0).normal(size=(30, 3)), columns=["a", "b", "y"])
    table.to_csv(tmp_path / "t.csv", index=False)
    return Draft.of(tmp_path / "t.csv", target="y", test=None, task=None, ask=None)


def test_the_command_line_has_all_of_them() -> None:
    (option,) = [param for param in init.params if param.name == "template"]
    assert tuple(option.type.choices) == TEMPLATES  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("template", "section", "key"),
    [
        ("time-course", "inference", "time"),
        ("tune", "tune", "space"),
        ("large", "inference", "approximation"),
        ("neural-tangents", "inference", "ridge_scale"),
    ],
)
def test_a_template_has_what_it_is_for_and_others_have_not(
    draft: Draft, template: Template, section: str, key: str
) -> None:
    own, plain = (yaml.safe_load(spec_text(draft, Path(), name)) for name in (template, None))
    assert own[section][key]
    assert own[section].get(key) != plain.get(section, {}).get(key)


def test_many_rows_are_approximated(draft: Draft, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ntkcli.drafts.templates.MANY_ROWS", 29)
    found = yaml.safe_load(spec_text(draft, Path(), None))["inference"]
    assert found["approximation"] == {"method": "nystrom", "centres": 1000}


@pytest.mark.parametrize("rows", [30, 31])
def test_a_std_that_takes_long_has_a_way_out(
    draft: Draft, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    monkeypatch.setattr("ntkcli.drafts.templates.SLOW_STD_ROWS", rows)
    assert ("  # std: false" in spec_text(draft, Path(), None)) == (rows == draft.rows)
    assert "# std: false" not in spec_text(draft, Path(), "large")

"""The tables of keys in docs: what stands beside the fields, and no key without one."""

import re
from pathlib import Path

import pytest

from ntkcli.spec.spec import Spec

from ..key_tables import DOCS, TABLE, with_tables


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.stem)
def test_the_tables_of_keys_are_those_of_the_fields(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text == with_tables(text), f"docs/{page.name} has other tables than ntkcli/spec: run `make docs`"


def test_every_section_has_a_table() -> None:
    found = {name for page in DOCS.glob("*.md") for _, name, *_ in TABLE.findall(page.read_text())}
    assert found == {*Spec.model_fields, "inference.approximation"}


def test_a_table_has_every_key_of_the_sections_in_it() -> None:
    page = with_tables("<!-- keys of data -->\n<!-- end of keys -->")
    rows = re.findall(r"^\| `\S+` \|.*", page, flags=re.MULTILINE)
    assert len(rows) == len(set(rows))
    keys = [row.split("`")[1] for row in rows]
    assert {"train", "split.test", "csv.na_values", "missing.most_dropped"} <= set(keys)
    assert "| `csv.separator` | `','` |  | Between columns: one character, or `tab`. |" in page

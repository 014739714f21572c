"""Lines with comments are YAML, and values in it mean what they were."""

import yaml
from hypothesis import given
from hypothesis.strategies import text

from ntkcli.drafts.commented_text import Line, flow, scalar, text_of
from ntkcli.spec.yaml_document import Document


@given(name=text(min_size=1))
def test_a_text_is_read_as_it_was(name: str) -> None:
    lines = [Line("name: 1", name), Line(f"key: {scalar(name)}", "why"), Line(f"list: {flow([name, 'b'])}")]
    assert yaml.safe_load(text_of(lines)) == {"name": 1, "key": name, "list": [name, "b"]}


@given(name=text(alphabet="0123456789.eE+-_xnaif:# ", min_size=1))
def test_what_looks_like_a_number_stays_a_text(name: str) -> None:
    assert Document(f"key: {scalar(name)}\n").values == {"key": name}


def test_plain_words_and_paths_have_no_quotes() -> None:
    assert [scalar(name) for name in ("age", "fly_ash", "../data/t.csv.gz")] == [
        "age",
        "fly_ash",
        "../data/t.csv.gz",
    ]


def test_comments_are_aligned_but_behind_long_lines() -> None:
    lines = [Line("a: 1", "one"), Line("abc: 2", "two"), Line(f"b: {'x' * 60}", "long"), Line("", "alone")]
    assert text_of(lines) == f"a: 1    # one\nabc: 2  # two\nb: {'x' * 60}  # long\n# alone\n"


def test_a_line_that_is_off_keeps_its_indent() -> None:
    assert text_of([Line("  log: auto", "why").off]) == "  # log: auto  # why\n"

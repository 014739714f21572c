"""The man pages that the wheel has, as man shows them."""

import re
import shutil
import subprocess
from pathlib import Path

import click
import man_pages
import pytest

from .test_help import COMMANDS, PROGRAM, declared, examples

PAGES = man_pages.pages()


def file_of(name: str) -> str:
    return "ntk.1" if name == PROGRAM else f"ntk-{name.replace(' ', '-')}.1"


def page(name: str) -> str:
    return PAGES[file_of(name)]


def shown(text: str) -> str:
    """What roff makes of a page, which has to be content with it."""
    if shutil.which("groff") is None:
        pytest.skip("groff is not installed here: no page is set")
    # Wide enough for every line.
    words = ["groff", "-man", "-Tutf8", "-Kutf8", "-ww", "-rLL=200n", "-P-cbou"]
    outcome = subprocess.run(words, input=text, capture_output=True, text=True, check=True)
    assert outcome.stderr == ""
    # Of a name, no part may be on a line of its own; other words are put together.
    assert not re.search("[./_]\\w*\N{HYPHEN}\n", outcome.stdout)
    return re.sub("\N{HYPHEN}\n +", "", outcome.stdout)


def test_there_is_a_page_for_the_program_and_for_every_command() -> None:
    assert sorted(PAGES) == sorted(map(file_of, COMMANDS))


@pytest.mark.parametrize("name", COMMANDS)
def test_a_page_shows_all_that_the_help_shows_in_signs_that_can_be_copied(name: str) -> None:
    lines = [re.sub(" +", " ", line.strip()) for line in shown(page(name)).splitlines()]
    text = " ".join(lines)
    assert set(examples(name)) <= {*lines}
    for word in re.findall(r"[\w./`'~-]+", (declared(name).help or "").replace("Examples:", "")):
        assert word.rstrip(".") in text
    for option in declared(name).params:
        if isinstance(option, click.Option):
            assert all(names in text for names in option.opts + option.secondary_opts)
    assert "-h, --help" in text


@pytest.mark.parametrize("name", [name for name in COMMANDS if isinstance(declared(name), click.Group)])
def test_the_page_of_a_group_lists_its_commands(name: str) -> None:
    text, group = shown(page(name)), declared(name)
    assert isinstance(group, click.Group)
    for inner in group.list_commands(click.Context(group)):
        assert f"{file_of(name).removesuffix('.1')}-{inner}(1)" in text
        assert re.search(rf"^ +{inner}\b", text, flags=re.MULTILINE)


def test_a_line_of_text_is_no_request_of_roff() -> None:
    for text in PAGES.values():
        requests = {line.split()[0] for line in text.splitlines() if line.startswith((".", "'"))}
        assert requests <= {".TH", ".SH", ".PP", ".TP", ".EX", ".EE"}


def test_pages_are_written_in_the_place_of_earlier_ones(tmp_path: Path) -> None:
    (tmp_path / "man").mkdir()
    (tmp_path / "man" / "ntk-gone.1").touch()
    man_pages.write(tmp_path / "man")
    found = {path.name: path.read_text() for path in (tmp_path / "man").iterdir()}
    assert found == PAGES

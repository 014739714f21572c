"""What `--help` shows of every command: examples first, and they work."""

import contextlib
import inspect
import re
import shlex
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess

import click
import numpy as np
import pandas as pd
import pytest

from ntkcli.cli import ntk as program

Ntk = Callable[..., CompletedProcess[str]]

PROGRAM = "ntk"


def commands(group: click.Group, name: str = "") -> Iterator[str]:
    """The commands of a group and of the groups in it, with the words that call them."""
    context = click.Context(group)
    for inner in group.list_commands(context):
        command, words = group.get_command(context, inner), f"{name} {inner}".strip()
        yield words
        if isinstance(command, click.Group):
            yield from commands(command, words)


COMMANDS = [PROGRAM, *commands(program)]
# What is not there yet where these are called; all others find specs and a run.
MADE = {
    PROGRAM: ["houses.yaml", "tune.yaml", "runs"],
    "init": ["houses.yaml", "tune.yaml"],
    "tune": ["tune.yaml"],
    "fit": ["runs"],
    "cache": ["runs"],
}
QUIET = ["evaluate", "fit", "kernel", "predict", "simulate", "spectrum", "tune"]


def declared(name: str) -> click.Command:
    command: click.Command | None = program
    for word in [] if name == PROGRAM else name.split():
        assert isinstance(command, click.Group)
        command = command.get_command(click.Context(command), word)
    assert command is not None
    return command


def group_of(name: str) -> str:
    """The words in front of the last; empty of a command of the program."""
    return name.rpartition(" ")[0]


def help_of(name: str) -> str:
    return inspect.cleandoc(declared(name).help or "")


def examples(name: str) -> list[str]:
    """The commands of the block that stands behind the first sentence."""
    block = re.match(r"[^\n]+\.\n\n\x08\nExamples:\n((?:  .+\n?)+)", help_of(name))
    assert block, f"{name}: no examples behind the first sentence"
    return [line.strip() for line in block[1].splitlines()]


@pytest.fixture(scope="session")
def houses(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the tables that the examples name."""
    folder = tmp_path_factory.mktemp("houses")
    draw = np.random.default_rng(3)
    table = pd.DataFrame({"rooms": draw.integers(1, 8, 50), "area": draw.uniform(30, 200, 50)})
    table["price"] = 10 * table.rooms + table.area + draw.normal(size=50)
    for name, rows in {"houses": table[:40], "new": table[40:], "sold": table[40:]}.items():
        rows.to_csv(folder / f"{name}.csv", index=False)
    return folder


@pytest.fixture(scope="session")
def begun(houses: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with specs and a run, as somebody has it who went through the first examples."""
    folder = tmp_path_factory.mktemp("begun")
    shutil.copytree(houses, folder, dirs_exist_ok=True)
    with contextlib.chdir(folder):
        for line in examples(PROGRAM)[:3] + examples("tune")[:1]:
            program(shlex.split(line)[1:], standalone_mode=False)
    shutil.copy(folder / "houses.yaml", folder / "flats.yaml")
    return folder


@pytest.fixture
def folder(begun: Path, tmp_path: Path) -> Path:
    """A copy of it, to work in."""
    shutil.copytree(begun, tmp_path, dirs_exist_ok=True)
    return tmp_path


@pytest.mark.parametrize("name", COMMANDS)
def test_every_example_works_from_top_to_bottom(name: str, folder: Path, ntk: Ntk) -> None:
    group = group_of(name)
    for made in MADE.get(group or name, []):
        path = folder / made
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    # What the first example of a group makes, its commands are for.
    for line in [*(examples(group)[:1] if group else []), *examples(name)]:
        # Where a shell would write it to.
        outcome = ntk(*shlex.split(line.partition(" >")[0])[1:])
        assert outcome.returncode == 0, f"{line}: {outcome.stderr}"


@pytest.mark.parametrize("name", COMMANDS)
def test_examples_stand_before_all_but_the_first_sentence(name: str, ntk: Ntk) -> None:
    shown = ntk(*([] if name == PROGRAM else name.split()), "--help").stdout
    usage, first, title, *_ = [line.strip() for line in shown.splitlines() if line.strip()]
    assert usage.startswith("Usage: ntk")
    assert first == help_of(name).partition("\n")[0]
    assert title == "Examples:"
    assert all(f"    {line}\n" in shown for line in examples(name))


@pytest.mark.parametrize("name", COMMANDS[1:])
def test_the_examples_of_a_command_are_of_it(name: str) -> None:
    assert any(line.startswith(f"ntk {name} ") or line == f"ntk {name}" for line in examples(name))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_has_a_word_of_help(name: str) -> None:
    options = [param for param in declared(name).params if isinstance(param, click.Option)]
    assert [option.name for option in options if not option.help] == []


@pytest.mark.parametrize("name", COMMANDS[1:])
def test_the_list_of_commands_shows_the_first_sentence_whole(name: str, ntk: Ntk) -> None:
    *group, last = name.split()
    first = re.escape(help_of(name).partition("\n")[0])
    assert re.search(rf"^  {last} +{first}$", ntk(*group, "--help").stdout, re.MULTILINE)


@pytest.mark.parametrize("name", QUIET)
def test_commands_that_tell_of_their_work_can_be_quiet(name: str) -> None:
    options = {param.name: param.opts for param in declared(name).params}
    assert options["quiet"] == ["--quiet", "-q"]
    assert options["verbose"] == ["--verbose", "-v"]

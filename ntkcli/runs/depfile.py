"""A file of dependencies for Make: a rule that has a run made anew when what it was read from changes."""

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ntkcli.errors import SpecError
from ntkcli.files import changes
from ntkcli.interruption import held_back, owe, settle
from ntkcli.runs.leftovers import missing_folders, remove_empty
from ntkcli.runs.output_file import OutputFile
from ntkcli.runs.unwritable import unwritable
from ntkcli.streams import STANDARD

OPTION = "--depfile"
# What Make takes for a sign of its own in a name, unless a backslash stands before it.
SIGNS = r" #:*?\["
# And these in the name of a target, where % stands for anything, and in that of a file that it is made from.
TARGET_SIGNS, INPUT_SIGNS = f"{SIGNS}%", f"{SIGNS}|"
# Make has no way to write these in a name.
UNWRITABLE = re.compile(r"[;\n]")
# Behind a name, this sign would make a variable of it. Make looks for it before variables have their values.
EQUALS = "ntk_equals := =\n"
# Pipes and the like, which are no files to look at again.
STREAMS = ("/dev/fd/", "/dev/std", "/proc/")


@contextmanager
def depfile(path: Path | None, target: Path, inputs: Iterable[Path]) -> Iterator[None]:
    """Write the rule when the block succeeds, whole or not at all, over a rule that is already there.

    Args:
        path: of the file; None for none.
        target: the file of a run directory that is there once the run is complete.
        inputs: what the run is made from: the spec first.

    Raises:
        SpecError: the file would take the place of an input or be in the run directory, or a name is one
            that Make cannot have.
        RunDirectoryError: the file cannot be written.
        ResourceError: the disk is full.
    """
    if path is None:
        yield
        return
    inputs = [*dict.fromkeys(path for path in inputs if _is_file(path))]
    text = rule(target, inputs)
    output = OutputFile(path, overwrite=True, kept=dict.fromkeys(inputs, "is read"), option=OPTION)
    _check(output, target.parent)
    with _folder_for(path):
        output.check()
        yield
        with output.opened() as file:
            file.write(os.fsencode(text))


def rule(target: Path, inputs: Iterable[Path]) -> str:
    """Return the rule, and one without a recipe for every input but the first.

    With these, Make goes on where a file that it remembers is gone.

    Raises:
        SpecError: a name is one that Make cannot have.
    """
    inputs = [*inputs]
    names = " ".join(_name(path, INPUT_SIGNS) for path in inputs)
    text = f"{_name(target, TARGET_SIGNS)}: {names}\n"
    text += "".join(f"{_name(path, TARGET_SIGNS)}:\n" for path in inputs[1:])
    return (EQUALS if "$(ntk_equals)" in text else "") + text


def _name(path: Path, signs: str) -> str:
    """Return a path as Make reads it where these signs have a meaning."""
    # At the beginning, ~ would be somebody's home.
    name = str(path.absolute() if str(path).startswith("~") else path)
    if UNWRITABLE.search(name):
        raise SpecError(f"{OPTION}: {name!r}: Make has no way to write such a name: rename it")
    escaped = re.sub(rf"(\\*)([{signs}])", r"\1\1\\\2", name)
    return escaped.replace("$", "$$").replace("=", "$(ntk_equals)")


def _is_file(path: Path) -> bool:
    return path != STANDARD and not str(path).startswith(STREAMS)


def _check(output: OutputFile, run: Path) -> None:
    """Check that the file is one, and in no run directory."""
    path = output.path
    if output.is_stdout:
        raise SpecError(f"{OPTION}: {path}: is no file: give it one")
    if Path(os.path.realpath(path)).is_relative_to(os.path.realpath(run)):
        raise SpecError(f"{OPTION}: {path}: is in {run}, which is replaced as a whole: write it beside that")


@contextmanager
def _folder_for(path: Path) -> Iterator[None]:
    """Make the folders that a file is to be in, which are deleted again if the block fails."""
    made: list[Path] = []

    def clean_up() -> None:
        with held_back():
            remove_empty(made)

    owe(clean_up)
    try:
        with held_back():
            made += missing_folders(path)
            changes.make_folder(path.parent, parents=True, exist_ok=True)
    except OSError as error:
        clean_up()
        settle(clean_up)
        raise unwritable(path, error, OPTION) from error
    try:
        yield
    except BaseException:
        clean_up()
        raise
    finally:
        settle(clean_up)

"""Man pages of ntk, by the declarations of its command line: one of the program, one of each command in it.

`python man_pages.py FOLDER` writes them into a folder.
"""

import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from ntkcli import __version__
from ntkcli.cli import ntk

# What roff would take for a sign of its own, or print as another.
SIGNS = {"\\": r"\e", "-": r"\-", "'": r"\(aq", "`": r"\(ga", "~": r"\(ti", "^": r"\(ha"}
EXAMPLES = "Examples:\n"
# In a help text, the paragraph behind it keeps its lines.
VERBATIM = "\b\n"


def pages() -> dict[str, str]:
    """Return the pages by the names of their files."""
    contexts = [*_contexts(click.Context(ntk, info_name="ntk", **ntk.context_settings))]
    names = [_page_name(context) for context in contexts]
    return {f"{name}.1": _page(context, names) for name, context in zip(names, contexts, strict=True)}


def _contexts(context: click.Context) -> Iterator[click.Context]:
    """Yield the context of a command, and those of the commands in it."""
    yield context
    if isinstance(context.command, click.Group):
        for name in context.command.list_commands(context):
            command = context.command.get_command(context, name)
            assert command is not None
            yield from _contexts(click.Context(command, parent=context, info_name=name))


def _page_name(context: click.Context) -> str:
    return context.command_path.replace(" ", "-")


def _page(context: click.Context, names: list[str]) -> str:
    """Return the page of a command, beside pages of these names."""
    name, command = _page_name(context), context.command
    first, *paragraphs = _paragraphs(command)
    examples = [text.removeprefix(VERBATIM) for text in paragraphs if EXAMPLES in text]
    others = [text for text in paragraphs if EXAMPLES not in text]
    usage = " ".join(command.collect_usage_pieces(context))
    lines = [
        f'.TH {_escaped(name.upper())} 1 "" "ntk {__version__}" "User Commands"',
        ".SH NAME",
        rf"{_escaped(name)} \- {_escaped(first.rstrip('.'))}",
        ".SH SYNOPSIS",
        rf"\fB{_escaped(context.command_path)}\fR {_escaped(usage)}",
        ".SH EXAMPLES",
        *(line for text in examples for line in _verbatim(text.removeprefix(EXAMPLES))),
        ".SH DESCRIPTION",
        *(line for text in [first, *others] for line in _described(text)),
        ".SH OPTIONS",
        *_options(context),
        *_commands(context),
        ".SH SEE ALSO",
        _list_of(other for other in names if other != name),
    ]
    return "\n".join(lines) + "\n"


def _paragraphs(command: click.Command) -> list[str]:
    return inspect.cleandoc(command.help or "").split("\n\n")


def _options(context: click.Context) -> Iterator[str]:
    """Yield what stands for each option: its names in bold, its value as it is, and its help below."""
    options = [param for param in context.command.get_params(context) if isinstance(param, click.Option)]
    for names, text in filter(None, [option.get_help_record(context) for option in options]):
        bold = re.sub(r"(?<!\w)((?:\\-){1,2}\w(?:\w|\\-)*)", r"\\fB\1\\fR", _escaped(names))
        yield from (".TP", bold, _unbroken(text))


def _commands(context: click.Context) -> Iterator[str]:
    """Yield what stands for each command of a group."""
    if isinstance(context.command, click.Group):
        yield ".SH COMMANDS"
        for name in context.command.list_commands(context):
            command = context.command.get_command(context, name)
            assert command is not None
            yield from (".TP", rf"\fB{_escaped(name)}\fR", _escaped(_paragraphs(command)[0]))


def _described(text: str) -> Iterator[str]:
    yield ".PP"
    if text.startswith(VERBATIM):
        yield from _verbatim(text.removeprefix(VERBATIM))
    else:
        yield from map(_unbroken, text.splitlines())


def _verbatim(text: str) -> Iterator[str]:
    yield from (".EX", *map(_escaped, inspect.cleandoc(text).splitlines()), ".EE")


def _list_of(names: Iterator[str]) -> str:
    return ", ".join(rf"\fB{_escaped(name)}\fR(1)" for name in names)


def _unbroken(line: str) -> str:
    """Return a line of prose, in which names of files, which are copied from pages, are never hyphenated."""
    words = [_escaped(word) for word in line.split(" ")]
    return " ".join(rf"\%{word}" if re.search(r"\w[./_]\w", word) else word for word in words)


def _escaped(text: str) -> str:
    r"""Return a line as roff prints it; one that begins with a dot would be a request without the `\&`."""
    plain = "".join(SIGNS.get(sign, sign) for sign in text)
    return rf"\&{plain}" if plain.startswith(".") else plain


def write(folder: Path) -> None:
    """Write the pages into a folder, and nothing else: pages of commands that are no more go."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.1"):
        old.unlink()
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))

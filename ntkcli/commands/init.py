"""`ntk init`: a commented spec for a table, written by what its columns look like."""

from dataclasses import dataclass
from pathlib import Path

from ntkcli.drafts.draft import Draft
from ntkcli.drafts.spec_text import spec_text
from ntkcli.drafts.target import GIVEN, Ask
from ntkcli.drafts.templates import Template, task_of
from ntkcli.errors import DataError
from ntkcli.runs.output_file import OutputFile, standard_output
from ntkcli.units import counted

# Endings behind which a name has another.
COMPRESSED = (".gz", ".bz2", ".xz", ".zip")


@dataclass(frozen=True)
class InitReport:
    """What was written.

    place: the file; None for standard output.
    text: what it is of, on one line.
    command: of `ntk` that the spec is for.
    """

    place: Path | None
    text: str
    command: str


def init(
    table: Path,
    *,
    target: str | None = None,
    template: Template | None = None,
    test: Path | None = None,
    out: Path | None = None,
    overwrite: bool = False,
    ask: Ask | None = None,
) -> InitReport:
    """Look at a table, and write a spec for it.

    Args:
        table: a CSV, Parquet or Feather file.
        target: the column to predict; None to guess.
        template: what the spec is for; None for what suits the target.
        test: a file to predict; None for a part of the table.
        out: the file to write; None for NAME.yaml here, `-` for standard output.
        overwrite: whether a file that is already there is replaced.
        ask: is asked for the target, where the guess is weak; None for nobody there.

    Raises:
        NtkError: one of its subclasses, each with its own exit code.
    """
    output = OutputFile(out or Path(_name(table)), overwrite, {table: "is the table that is read"})
    output.check()
    draft = Draft.of(table, target=target, test=test, task=task_of(template), ask=ask)
    if not draft.features:
        raise DataError(f"{table}: has no column beside the target that could be a feature")
    text = spec_text(draft, Path() if output.is_stdout else output.path.parent, template)
    if output.is_stdout:
        with standard_output() as stdout:
            stdout.write(text)
    else:
        with output.opened() as file:
            file.write(text.encode())
    place = None if output.is_stdout else output.path
    return InitReport(place, _summary(draft), "tune" if template == "tune" else "fit")


def _name(table: Path) -> str:
    name = table.stem if table.suffix.lower() in COMPRESSED else table.name
    return f"{Path(name).stem}.yaml"


def _summary(draft: Draft) -> str:
    target, others = draft.target, len(draft.roles) - len(draft.features)
    why = "" if target.why == GIVEN else f", {target.why}"
    parts = [
        counted(draft.rows, "row"),
        f"target {target.name} ({target.task}{why})",
        counted(len(draft.features), "feature"),
        f"{others} left out or id" if others else "",
    ]
    return ", ".join(filter(None, parts))

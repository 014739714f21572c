"""The text of a draft: a whole spec, with comments."""

from pathlib import Path

from ntkcli.drafts.commented_text import Line, text_of
from ntkcli.drafts.data_section import data_lines
from ntkcli.drafts.draft import Draft
from ntkcli.drafts.templates import Template, model_lines
from ntkcli.spec.schema import FILE_NAME
from ntkcli.units import counted


def spec_text(draft: Draft, home: Path, template: Template | None) -> str:
    """Return the spec of a draft.

    Args:
        draft: what the table holds.
        home: the folder of the spec, which paths are relative to.
        template: what one wants to do; None for what suits the target.
    """
    columns = counted(len(draft.table.columns), "column")
    head = [
        _editor_line(home),
        Line(
            "",
            f"Drafted by ntk init from {counted(draft.rows, 'row')} of {columns}: what is guessed says why.",
        ),
        Line("", "What is wrong, correct; what is commented out may help. All keys are in docs/spec.md."),
    ]
    return text_of([*head, *data_lines(draft, home), *model_lines(draft, template)])


def _editor_line(home: Path) -> Line:
    """Return the line by which editors find the JSON schema beside the spec, or how to get both."""
    line = f"yaml-language-server: $schema={FILE_NAME}"
    if (home / FILE_NAME).is_file():
        return Line("", line)
    return Line("", f"For editors: ntk schema > {FILE_NAME}, and as the first line here: # {line}")

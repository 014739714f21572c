"""Hints: keys that a table may want, which only its owner can tell, as lines that are commented out."""

import re
from collections.abc import Iterator

from ntkcli.drafts.commented_text import Line, scalar
from ntkcli.drafts.draft import Draft
from ntkcli.drafts.role import Role
from ntkcli.drafts.target import Target

WEIGHT_NAME = re.compile(
    r"(sample|case|survey|freq)?[\W_]?(weights?|wgts?|wts?)|fnlwgt|pweights?", re.IGNORECASE
)
# Times as many rows of the most frequent class as of the rarest.
UNEVEN = 5


def hint_lines(draft: Draft) -> Iterator[Line]:
    """Yield the keys of the data section that may be wanted."""
    for role in draft.roles:
        if role.is_group:
            yield _hint("groups", role, "if rows of one value belong together")
        elif WEIGHT_NAME.fullmatch(role.name) and role.use == "number" and role.column.present.min() > 0:
            yield _hint("weight", role, "if it says how much rows count")
    if draft.is_split and (dates := [role for role in draft.features if role.use == "date"]):
        split = f"split: {{test: 0.2, time: {scalar(dates[0].name)}}}"
        yield Line(f"  {split}", "in the place of the split above, to forecast: the last rows").off
    if _is_uneven(draft.target):
        yield Line("  class_weight: balanced", "if rare classes matter as much as frequent ones").off


def _hint(key: str, role: Role, when: str) -> Line:
    lists = "features and categorical" if role.is_listed else "features"
    more = f", and take it out of {lists}" if role.is_feature else ""
    return Line(f"  {key}: {scalar(role.name)}", f"{when}{more}").off


def _is_uneven(target: Target) -> bool:
    return target.task == "classification" and target.counts[0] > UNEVEN * target.counts[-1]

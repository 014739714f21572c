"""The data section of a draft: every key with the reason why it is there."""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ntkcli.data.faults import some
from ntkcli.data.log_scale import skewness
from ntkcli.drafts.column import Column
from ntkcli.drafts.commented_text import Line, flow, scalar
from ntkcli.drafts.draft import Draft
from ntkcli.drafts.hints import hint_lines
from ntkcli.drafts.role import Role
from ntkcli.spec.csv_format import CsvFormat
from ntkcli.spec.missing import MissingSpec
from ntkcli.units import counted

# Columns that are listed; of more, all are features, if all can be.
MOST_LISTED = 100
# Skewness of a target from which a transform is mentioned.
SKEWED = 1.0
# Correlation with the target from which a feature may be made of it, and the rows that tell.
SAME, FEWEST_ROWS = 0.995, 10
CSV_REASONS = {
    "separator": "between columns",
    "decimal": "before fractions",
    "thousands": "between groups of three digits",
    "encoding": "the file is not UTF-8",
    "comment": "lines that begin with it are no rows",
    "na_values": "without a value, as it seems",
}


def data_lines(draft: Draft, home: Path) -> Iterator[Line]:
    """Yield the lines of the data section.

    Args:
        draft: what the table holds.
        home: the folder of the spec, which paths are relative to.
    """
    yield Line("data:")
    yield Line(f"  train: {_path(draft.table.path, home)}")
    if draft.test:
        yield Line(f"  test: {_path(draft.test.path, home)}")
    if draft.is_split:
        yield _split_line(draft)
    yield from _csv_lines(draft.form)
    yield from _target_lines(draft)
    yield from _feature_lines(draft)
    yield from _kind_lines(draft)
    yield from _missing_lines(draft)
    yield from hint_lines(draft)


def _split_line(draft: Draft) -> Line:
    sides = [role for role in draft.roles if role.use == "side"]
    if sides:
        return Line(f"  split: {{column: {scalar(sides[0].name)}}}", sides[0].why)
    return Line("  split: {test: 0.2, seed: 0}", "a fifth of the rows is predicted, and not trained with")


def _path(path: Path, home: Path) -> str:
    return scalar(Path(os.path.relpath(path, home)).as_posix())


def _csv_lines(form: CsvFormat) -> Iterator[Line]:
    plain = CsvFormat()
    changed = [key for key in CSV_REASONS if getattr(form, key) != getattr(plain, key)]
    if changed:
        yield Line("  csv:", "how the file is written")
    for key in changed:
        value = getattr(form, key)
        text = flow(value) if isinstance(value, list) else scalar("tab" if value == "\t" else value)
        yield Line(f"    {key}: {text}", CSV_REASONS[key])


def _target_lines(draft: Draft) -> Iterator[Line]:
    target = draft.target
    yield Line(f"  target: {scalar(target.name)}", target.why)
    yield Line(f"  task: {target.task}", target.why_task)
    if target.task == "regression" and (skew := skewness(target.column.values)) > SKEWED:
        what = f"its skewness is {skew:.2g}: log or yeo-johnson if that helps, and then medians are predicted"
        line = Line("  target_transform: auto", what)
        yield line if target.is_skewed else line.off


def _feature_lines(draft: Draft) -> Iterator[Line]:
    features, ids = draft.features, [role for role in draft.roles if role.use == "id"]
    others = [role for role in draft.roles if role.use in ("out", "side")]
    if len(features) > MOST_LISTED and not others and "" not in draft.table.columns:
        yield Line("  features: all", f"{len(features)} columns")
    else:
        yield Line("  features:")
        yield from (Line(f"    - {scalar(role.name)}", _feature_text(role, draft)) for role in features)
        yield from (Line(f"    - {scalar(role.name)}", f"left out: {role.why}").off for role in others)
    if ids:
        yield Line(f"  id: {flow([role.name for role in ids])}", "; ".join(role.why for role in ids[:1]))


def _feature_text(role: Role, draft: Draft) -> str:
    text = f"skewed {role.why}" if role.is_skewed else role.why
    if role.use == "number" and _follows(role.column, draft.target.column):
        return f"{text}; follows the target: take it out if it is not known beforehand"
    return text


def _follows(column: Column, target: Column) -> bool:
    """Return whether numbers are those of the target, but for little and a line."""
    both = np.isfinite(column.values) & np.isfinite(target.values)
    if (
        np.count_nonzero(both) <= FEWEST_ROWS
        or np.ptp(column.values[both]) == 0
        or np.ptp(target.values[both]) == 0
    ):
        return False
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(abs(np.corrcoef(column.values[both], target.values[both])[0, 1]) > SAME)


def _kind_lines(draft: Draft) -> Iterator[Line]:
    """Yield what features are, where their cells do not tell."""
    features = draft.features
    if listed := [role.name for role in features if role.is_listed]:
        yield Line(f"  categorical: {flow(listed)}", "no amounts")
    if any(role.use == "date" for role in features):
        yield Line(
            "  dates: auto", "days, and those of month, weekday and hour that vary; or {COLUMN: [month]}"
        )
    if any(role.use == "category" for role in features):
        yield Line("  unknown: ignore", "a category that training did not have counts as none")
    if skewed := [role.name for role in features if role.is_skewed]:
        yield Line("  log: auto", f"skewed, so that a logarithm is tried: {some(skewed)}")
    what = "a factor for each feature: helps where they differ in importance"
    yield Line("  relevance: learned", what).off


def _missing_lines(draft: Draft) -> Iterator[Line]:
    features, target = draft.features, draft.target
    gaps = {role.name: role.column.gaps + draft.test_gaps.get(role.name, 0) for role in features}
    gaps = {name: count for name, count in gaps.items() if count}
    if not gaps and not target.column.gaps and draft.is_whole:
        return
    yield Line("  missing:", "" if draft.is_whole else "not all rows have been looked at")
    yield Line("    target: drop", _counted(target.column.gaps, "row", "cannot be trained with"))
    told = {role.name for role in features if role.use == "category"} - MissingSpec.model_fields.keys()
    others = some([f"{name} {count:,}" for name, count in gaps.items() if name not in told])
    yield Line("    features: mean", f"cells without a value: {others}" if others else "")
    for name in (name for name in gaps if name in told):
        yield Line(f"    {scalar(name)}: category", _counted(gaps[name], "cell", "a category of its own"))


def _counted(count: int, noun: str, what: str) -> str:
    return f"{counted(count, noun)} without a value: {what}" if count else ""

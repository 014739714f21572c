"""The remedies for a faulty row: in a spec there is more to change than beside a model that is fitted."""

from dataclasses import dataclass

_OUT = "drop the row, or take the column out with data.features or data.id"


@dataclass(frozen=True)
class Remedies:
    """What the user of a file can do about what is wrong in it, each as the end of a message.

    path: where there is no such file.
    number: where a cell is out of the range of numbers.
    name: where a cell holds a text, and a number is wanted.
    gap: where a cell holds no value.
    target: where a target has none.
    unknown: where a cell holds a category that training had not.
    key: where a key of data.csv would do, which follows.
    """

    path: str
    number: str
    name: str
    gap: str
    target: str
    unknown: str
    key: str


OF_SPEC = Remedies(
    path="check the path, which is relative to the spec file",
    number=f"correct it, {_OUT}",
    name=f"correct it, {_OUT}, or list it in data.categorical if it holds names (for a target, set "
    "data.task: classification)",
    gap=f"fill the value in, {_OUT}, or set data.missing",
    target="drop the row, or set data.missing: drop",
    unknown="correct it, drop the row, or set data.unknown: ignore",
    key="set data.csv.",
)
OF_MODEL = Remedies(
    path="check the path",
    number="correct it, or drop the row",
    name="correct it, or drop the row",
    gap="fill the value in, drop the row, or fit again with data.missing: drop or mean",
    target="fill it in, drop the row, or leave the target empty in every row",
    unknown="correct it, drop the row, or fit again with data.unknown: ignore",
    key="fit again with data.csv.",
)

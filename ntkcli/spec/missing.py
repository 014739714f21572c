"""What becomes of cells without a value, by column: `data.missing` as a mapping."""

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from ntkcli.spec.section import Section, unit
from ntkcli.spec.types import Finite

Word = Literal["error", "drop", "mean"]
Rule = Literal["error", "drop", "mean", "category"]


class MissingSpec(Section):
    """Rules for cells without a value; every other key is a feature's column, with a rule of its own."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Rule]

    target: Literal["error", "drop"] = "error"
    """`drop`: rows without a target are not trained with; they are predicted all the same."""

    features: Word = "error"
    """Of all features that have no rule of their own: `error`, `drop` or `mean`."""

    indicator: bool = False
    """Beside each feature that is filled with the mean, a column that tells where."""

    most_dropped: Annotated[Finite, Field(ge=0, le=1), unit("share of a file's rows")] = 1.0
    """The most that may be left out, in training and in prediction."""

    @model_validator(mode="before")
    @classmethod
    def _numbers_name_columns(cls, value: object) -> object:
        # YAML takes names such as 2020 for numbers.
        if not isinstance(value, dict):
            return value
        return {str(key) if type(key) is int else key: rule for key, rule in value.items()}

    @classmethod
    def of(cls, word: Word) -> Self:
        """Return what a single word stands for; targets are never filled in."""
        return cls(target="drop" if word == "drop" else "error", features=word)

    @property
    def columns(self) -> dict[str, Rule]:
        """The rules of single columns."""
        return self.__pydantic_extra__

    def rule(self, feature: str) -> Rule:
        """Return the rule of a feature, by its column."""
        return self.columns.get(feature, self.features)

    @property
    def allows_gaps(self) -> bool:
        """Whether some cell may hold no value."""
        return {self.target, self.features, *self.columns.values()} != {"error"}


def gap_rules(missing: Word | MissingSpec) -> MissingSpec:
    """Return the rules that `data.missing` stands for, which may be a word or a mapping."""
    return missing if isinstance(missing, MissingSpec) else MissingSpec.of(missing)

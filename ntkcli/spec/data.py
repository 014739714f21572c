"""The data section of a spec: the files, the roles of their columns, and how they are encoded."""

from itertools import combinations
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from ntkcli.spec.csv_format import CsvFormat
from ntkcli.spec.missing import MissingSpec, Word, gap_rules
from ntkcli.spec.section import Section, conflict, unit
from ntkcli.spec.split import ColumnSplit, Split, SplitSpec
from ntkcli.spec.types import AnyNumberOf, Column, FilePath, Finite, Several, listed

# A factor for every feature, by its column.
Factors = Annotated[dict[Column, Annotated[Finite, Field(gt=0)]], Field(min_length=1)]

# A weight for every class, by its text.
ClassWeights = Annotated[dict[str, Annotated[Finite, Field(gt=0)]], Field(min_length=1)]
NO_CLASSES = "is of classes, and a number has none: leave it out, or set data.task: classification"
TransformName = Literal["none", "log", "yeo-johnson", "quantile", "auto"]
NO_TRANSFORM_OF_CLASSES = "is of numbers, and classes have none: leave it out"


DatePart = Literal["year", "month", "weekday", "hour", "days"]


class DataSpec(Section):
    """The data section: files and columns."""

    train: FilePath
    """File of the training rows, relative to the spec file: CSV, also .gz, .bz2, .xz, .zip; .parquet,
    .feather, .arrow.
    """

    test: FilePath | None = None
    """File of the rows to predict."""

    split: Split | None = None
    """Takes the rows to predict from train, where there is no test file."""

    csv: CsvFormat = Field(default=CsvFormat())
    """How CSV files are written: train, test and those of `ntk predict`."""

    target: Several[Column]
    """The column to predict, or a list of them for several outputs."""

    task: Literal["auto", "regression", "classification"] = "auto"
    """`regression`, `classification`, or `auto`: classes if the target is text."""

    features: Literal["all"] | Several[Column] = "all"
    """A column, or a list; `all` is every column that has no other role."""

    id: Several[Column] | None = None
    """Column, or columns, copied to the predictions."""

    weight: Column | None = None
    """A column that says how much each training row counts."""

    noise: Annotated[Column | None, unit("target's unit")] = None
    """A column with the standard deviation of each target, in the place of weight."""

    groups: Column | None = None
    """A column: rows of one value are split and left out together."""

    class_weight: Literal["none", "balanced"] | ClassWeights = "none"
    """`balanced`: all classes count alike; or a mapping from classes to weights."""

    categorical: AnyNumberOf[Column] = Field(default=[])
    """Columns to be taken for categories though they hold numbers."""

    dates: Literal["auto"] | dict[Column, Several[DatePart]] = Field(default={})
    """A mapping from columns to lists of `year`, `month`, `weekday`, `hour` and `days`; `auto`: every
    date.
    """

    unknown: Literal["error", "ignore"] = "error"
    """Of a category that train does not have: `error`, or `ignore`, which counts it as none."""

    missing: Word | MissingSpec = "error"
    """Of cells without a value: `error`, `drop` the row, fill in the `mean` of train; or rules by column."""

    relevance: Literal["equal", "learned"] | Factors = "equal"
    """`learned`: a factor for each feature; or a mapping from all features to factors."""

    log: Literal["auto"] | AnyNumberOf[Column] = Field(default=[])
    """Columns to take the logarithm of; `auto`: those where it helps."""

    standardize: bool = True
    """Features to mean 0 and variance 1, fitted on train alone."""

    normalize_rows: bool = False
    """Every row scaled to norm 1, after standardising."""

    standardize_target: bool = True
    """Targets to mean 0 and variance 1, undone in the predictions and their std."""

    target_transform: TransformName | dict[Column, TransformName] = "none"
    """`log`, `yeo-johnson`, `quantile` or `auto`, undone too: the median is predicted; or a mapping from
    targets.
    """

    @field_validator("features", "id", "log", mode="before")
    @classmethod
    def _one_column_is_a_list(cls, value: object) -> object:
        return value if value in ("all", "auto", None) else listed(value)

    @model_validator(mode="after")
    def _a_column_has_one_role(self) -> Self:
        features = [] if self.features == "all" else self.features
        roles = {"target": self.target, "features": features, "id": self.id or []}
        roles |= {key: [name] for key in ("weight", "noise", "groups") if (name := getattr(self, key))}
        roles |= {"split.column": self.split_columns}
        for first, second in combinations(roles, 2):
            if (first, second) in (("id", "groups"), ("id", "split.column"), ("groups", "split.column")):
                continue
            shared = [name for name in roles[first] if name in roles[second]]
            if shared:
                what = f"column {shared[0]!r} is both in {first} and in {second}: keep one of them"
                raise conflict(second, what)
        return self

    @model_validator(mode="after")
    def _noise_is_of_one_number(self) -> Self:
        if self.noise and self.weight:
            raise conflict("weight", "the noise says how rows count: keep one of data.noise and data.weight")
        if self.noise and len(self.target) > 1:
            raise conflict("noise", "is of one target: fit the others apart, or give data.weight")
        if self.noise and self.task == "classification":
            raise conflict("noise", "is of numbers, and classes have none: give data.weight")
        return self

    @model_validator(mode="after")
    def _class_weights_are_of_classes(self) -> Self:
        if self.class_weight != "none" and (self.task == "regression" or len(self.target) > 1):
            raise conflict("class_weight", NO_CLASSES)
        if self.class_weight != "none" and self.weight_columns:
            what = f"the column {self.weight_columns[0]!r} says how rows count: keep one of them"
            raise conflict("class_weight", what)
        return self

    @model_validator(mode="after")
    def _transforms_are_of_numbers(self) -> Self:
        named = [] if isinstance(self.target_transform, str) else [*self.target_transform]
        for name in named:
            if name not in self.target:
                raise conflict("target_transform", f"column {name!r} is no target: take it out here")
        if self.has_target_transform and self.task == "classification":
            raise conflict("target_transform", NO_TRANSFORM_OF_CLASSES)
        if self.has_target_transform and self.noise:
            what = "data.noise is in the target's unit, where a transform makes it another for every value"
            raise conflict("target_transform", f"{what}: keep one of them, or give data.weight")
        return self

    @model_validator(mode="after")
    def _named_columns_are_features(self) -> Self:
        others = {*self.target, *(self.id or []), *self.beside}
        logs = [] if self.log == "auto" else self.log
        named = {
            "categorical": self.categorical,
            "dates": [*self.dated],
            "log": logs,
            "missing": [*self.gaps.columns],
            "relevance": [*self.factors],
        }
        for key, names in named.items():
            for name in names:
                if name in others or (self.features != "all" and name not in self.features):
                    raise conflict(key, f"column {name!r} is no feature: take it out here")
                if key == "log" and name in self.categorical:
                    raise conflict(key, f"column {name!r} is categorical, and has no logarithm: keep one")
                if key in ("categorical", "log") and name in self.dated:
                    raise conflict(f"dates.{name}", f"is in data.{key} too: keep one of them")
        return self

    @model_validator(mode="after")
    def _one_source_of_test_rows(self) -> Self:
        if self.split and self.test:
            raise conflict("split", "there is a test file, so nothing to split off: keep one of them")
        return self

    @model_validator(mode="after")
    def _groups_are_not_torn_apart(self) -> Self:
        for key, names in {"time": self.time_columns, "column": self.split_columns}.items():
            if self.groups and names:
                raise conflict(f"split.{key}", "would part the rows of data.groups: keep one of the two")
        return self

    @model_validator(mode="after")
    def _classes_are_one_target(self) -> Self:
        if self.task == "classification" and len(self.target) > 1:
            raise conflict("target", "classification takes one target: name one, and fit the others apart")
        return self

    @model_validator(mode="after")
    def _relevance_is_of_standardised_columns(self) -> Self:
        if self.relevance != "equal" and (self.normalize_rows or not self.standardize):
            start = "learned starts from" if self.relevance == "learned" else "factors are for"
            what = f"{start} standardize: true and normalize_rows: false: set these, or use equal"
            raise conflict("relevance", what)
        return self

    @property
    def dated(self) -> dict[str, list[DatePart]]:
        """The columns that are listed as dates, with the parts that are to be features."""
        return {} if isinstance(self.dates, str) else self.dates

    @property
    def gaps(self) -> MissingSpec:
        """What becomes of cells without a value."""
        return gap_rules(self.missing)

    @property
    def factors(self) -> dict[str, float]:
        """The factors of the features that are given, by column; none where they are equal or learned."""
        return {} if isinstance(self.relevance, str) else self.relevance

    @property
    def beside(self) -> list[str]:
        """The columns that are no features, targets or ids: of weights, of groups and of a split."""
        return [*self.weight_columns, *([self.groups] if self.groups else []), *self.split_columns]

    @property
    def split_columns(self) -> list[str]:
        """The column that says which rows are predicted, if there is one."""
        return [self.split.column] if isinstance(self.split, ColumnSplit) else []

    @property
    def time_columns(self) -> list[str]:
        """The column by which the last rows are predicted, if there is one."""
        time = self.split.time if isinstance(self.split, SplitSpec) else None
        return [] if time is None else [time]

    @property
    def split_key(self) -> str | None:
        """The key that parts rows as a whole, blind to classes and categories; None where each is drawn."""
        if self.split_columns:
            return "data.split.column"
        if self.time_columns:
            return "data.split.time"
        return "data.groups" if self.split and self.groups else None

    @property
    def transform_names(self) -> dict[str, TransformName]:
        """The name of every target's transform."""
        given = self.target_transform
        return {name: given if isinstance(given, str) else given.get(name, "none") for name in self.target}

    @property
    def has_target_transform(self) -> bool:
        """Whether a target is transformed, or may be by `auto`."""
        return any(name != "none" for name in self.transform_names.values())

    @property
    def weight_columns(self) -> list[str]:
        """The column that says how much rows count, if there is one."""
        return [name for name in (self.weight, self.noise) if name]

    @property
    def files(self) -> list[Path]:
        """The files that are read."""
        return [self.train] if self.test is None else [self.train, self.test]

    @property
    def has_test_rows(self) -> bool:
        """Whether there are rows to predict other than the training rows."""
        return bool(self.test or self.split)

"""The features of a table, and how they become the inputs of the kernel."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Literal, Self

import numpy as np
import pandas as pd

from ntkcli.arrays import FloatArray, IntArray
from ntkcli.data.feature import Feature
from ntkcli.data.scaling import Scaling, normalize_rows
from ntkcli.data.table_error import FaultList
from ntkcli.data.table_file import TableFile
from ntkcli.spec.data import DataSpec
from ntkcli.spec.missing import MissingSpec, Word, gap_rules
from ntkcli.spec.section import Section


class FeatureRules(Section):
    """The keys of the spec's data section that say how features are encoded."""

    unknown: Literal["error", "ignore"]
    missing: Word | MissingSpec
    normalize_rows: bool

    @classmethod
    def of(cls, spec: DataSpec) -> Self:
        """Return the rules of a spec."""
        return cls(unknown=spec.unknown, missing=spec.missing, normalize_rows=spec.normalize_rows)

    @property
    def gaps(self) -> MissingSpec:
        """What becomes of cells without a value."""
        return gap_rules(self.missing)


@dataclass(frozen=True)
class Features:
    """The features of a table, which are encoded, filled, scaled, and maybe normalised by row.

    features: in order, without those that were dropped.
    rules: for missing values, unknown categories and normalising.
    fill: (columns,), what replaces a missing value: the mean in training.
    scaling: of the encoded columns.
    relevance: (columns,), the factors that scaled columns are multiplied by.
    """

    features: list[Feature]
    rules: FeatureRules
    fill: FloatArray
    scaling: Scaling
    relevance: FloatArray

    @property
    def columns(self) -> list[str]:
        """The names of the encoded columns."""
        return [column for feature in self.features for column in feature.columns]

    @property
    def numbers(self) -> list[str]:
        """The columns of a file that are read as numbers."""
        return [feature.name for feature in self.features if feature.kind == "number"]

    @property
    def dropping(self) -> list[str]:
        """The columns for whose gaps rows are left out."""
        gaps = self.rules.gaps
        return [feature.name for feature in self.features if gaps.rule(feature.name) == "drop"]

    @property
    def texts(self) -> list[str]:
        """The columns of a file that are read as text."""
        return [feature.name for feature in self.features if feature.kind != "number"]

    def encode(self, frame: pd.DataFrame, file: TableFile) -> FloatArray:
        """Encode the rows of a file as numbers, (rows, columns), NaN where a value is missing.

        Args:
            frame: the rows, with the columns of a file.
            file: that they are from.

        Raises:
            TableError: some cells cannot be encoded; it has their lines.
        """
        return encode(self.features, frame, file, self.rules)

    def inputs(self, encoded: FloatArray) -> FloatArray:
        """Return the inputs of the kernel, (rows, columns), for encoded columns."""
        filled = np.where(np.isnan(encoded), self.fill, encoded)
        # Sums over columns are rounded by their order in memory, which must not depend on how rows come.
        x = self.scaling.apply(np.ascontiguousarray(filled))
        if self.rules.normalize_rows:
            normalize_rows(x)
        return x * self.relevance

    @property
    def groups(self) -> IntArray:
        """The feature that each encoded column belongs to, counted from 0, (columns,)."""
        return np.repeat(np.arange(len(self.features)), [len(feature.columns) for feature in self.features])

    @property
    def factors(self) -> dict[str, float]:
        """The factor of every feature, by its name."""
        _, firsts = np.unique(self.groups, return_index=True)
        names = [feature.name for feature in self.features]
        return dict(zip(names, self.relevance[firsts].tolist(), strict=True))

    def weighted(self, factors: FloatArray) -> Self:
        """Return these features, each multiplied by a factor of its own, (features,)."""
        return replace(self, relevance=factors[self.groups])


def encode(
    features: Sequence[Feature], frame: pd.DataFrame, file: TableFile, rules: FeatureRules
) -> FloatArray:
    """Encode some features of a file's rows side by side, (rows, columns), NaN where a value is missing.

    Args:
        features: to encode, in order.
        frame: the rows, with the columns of a file.
        file: that they are from.
        rules: for missing values and unknown categories.

    Raises:
        TableError: some cells cannot be encoded; it has their lines.
    """
    gaps, ignore = rules.gaps, rules.unknown == "ignore"
    faults, parts = FaultList(file.path), []
    for is_plain, alike in groupby(features, lambda each: each.is_plain and not gaps.allows_gaps):
        if is_plain:
            # Many columns one by one take pandas longer than to read them.
            parts.append(frame[[feature.name for feature in alike]].to_numpy())
            continue
        for feature in alike:
            with faults.collecting():
                cells, gap = frame[feature.name], gaps.rule(feature.name)
                parts.append(feature.encode(cells, file, gap=gap, ignore_unknown=ignore))
    faults.check()
    return np.ascontiguousarray(parts[0] if len(parts) == 1 else np.hstack(parts))

"""The transforms of all targets, column by column."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Self

import numpy as np
import pandas as pd

from ntkcli.arrays import FloatArray
from ntkcli.data.cells import refuse
from ntkcli.data.faults import shown
from ntkcli.data.table_file import TableFile
from ntkcli.data.target_transform import TargetTransform, fit_transform
from ntkcli.spec.data import DataSpec, TransformName


@dataclass(frozen=True)
class Transforms:
    """What is done to the k targets before they are scaled.

    of: the transform of every target, in order, None for one that stays as it is; empty where all do.
    """

    of: Mapping[str, TargetTransform | None] = field(default_factory=dict)

    @classmethod
    def fit(cls, spec: DataSpec, values: FloatArray) -> Self:
        """Return the transforms that a spec names, fitted to training targets (rows, k)."""
        names = spec.transform_names.items()
        found = {name: fit_transform(kind, values[:, i]) for i, (name, kind) in enumerate(names)}
        return cls(found if any(found.values()) else {})

    def __bool__(self) -> bool:
        return bool(self.of)

    def apply(self, values: FloatArray) -> FloatArray:
        """Transform targets (..., k) in their units."""
        return self._each(lambda transform, column: transform.apply(column), values)

    def undo(self, values: FloatArray) -> FloatArray:
        """Return the targets (..., k), in their units, that `apply` maps to these."""
        return self._each(lambda transform, column: transform.undo(column), values)

    def _each(
        self, change: Callable[[TargetTransform, FloatArray], FloatArray], values: FloatArray
    ) -> FloatArray:
        if not self.of:
            return values
        columns = np.moveaxis(values, -1, 0)
        pairs = zip(self.of.values(), columns, strict=True)
        changed = [column if transform is None else change(transform, column) for transform, column in pairs]
        return np.stack(changed, axis=-1)

    def names(self, targets: list[str]) -> list[str]:
        """Return what targets are called once they are transformed, such as log(price)."""
        kinds = {name: transform.kind for name, transform in self.of.items() if transform}
        return [f"{kinds[name]}({name})" if name in kinds else name for name in targets]

    @property
    def texts(self) -> list[str]:
        """A line for every target that is transformed."""
        return [f"{name} (target): {transform}" for name, transform in self.of.items() if transform]

    def check(self, cells: pd.Series, file: TableFile) -> None:
        """Check that every cell of a target has a transform; arguments and faults as of `check_transform`."""
        transform = self.of.get(str(cells.name))
        check_transform(transform.kind if transform else "none", cells, file)


def check_transform(name: TransformName, cells: pd.Series, file: TableFile) -> None:
    """Check that a transform is one of every cell of a target that has a value.

    Args:
        name: of the transform, in the spec.
        cells: of the target, indexed as in the file.
        file: that they are from.

    Raises:
        TableError: some cells have no logarithm; it has their lines.
    """
    if name == "log":
        refuse(
            cells,
            cells.to_numpy() <= 0,
            file,
            lambda value: (
                f"{shown(str(value))} is not above 0, and has no logarithm: correct it, or use "
                "data.target_transform: yeo-johnson"
            ),
        )

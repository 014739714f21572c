"""The data of one run: training and test rows as arrays, and the schema that made them."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Self

from ntkcli.arrays import FloatArray
from ntkcli.data.gaps import Gaps
from ntkcli.data.scaling import Scaling
from ntkcli.data.table import Schema, Table


@dataclass(frozen=True)
class Dataset:
    """The training rows and the rows to predict.

    test: the same object as `train` where there are no test rows.
    schema: how files become tables; fitted on the training rows.
    warnings: about columns that are constant and rows that were dropped.
    gaps: of the training file.
    """

    train: Table
    test: Table
    schema: Schema
    warnings: list[str]
    gaps: Gaps = field(default_factory=Gaps)

    @property
    def has_test_rows(self) -> bool:
        """Whether there are rows to predict other than the training rows."""
        return self.test is not self.train

    @property
    def is_classification(self) -> bool:
        """Whether the target is a class."""
        return self.schema.targets.is_classification

    @property
    def target_scaling(self) -> Scaling:
        """The scaling of the targets, whose inverse takes predictions back to the user's units."""
        return self.schema.targets.scaling

    def weighted(self, factors: FloatArray) -> Self:
        """Return this dataset with every feature multiplied by a factor of its own, (features,)."""
        features = self.schema.features.weighted(factors)
        train = replace(self.train, x=self.train.x * features.relevance)
        test = replace(self.test, x=self.test.x * features.relevance) if self.has_test_rows else train
        return replace(self, train=train, test=test, schema=replace(self.schema, features=features))

    @cached_property
    def y_train(self) -> FloatArray:
        """The training targets (n, k) as the solvers see them."""
        return self.schema.targets.outputs(self.train.targets)

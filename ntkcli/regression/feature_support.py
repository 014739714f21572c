"""Features made of the kernels with some centres, in the place of the training rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from ntkcli.arrays import ArraySink, ArraySource, FloatArray
from ntkcli.kernels.rows import GramName, Rows
from ntkcli.linalg.dense_operator import DenseOperator
from ntkcli.linalg.operator import Operator
from ntkcli.linalg.product import product
from ntkcli.regression.support import Support


@dataclass
class FeatureSupport(Support):
    """Features of one Gram matrix, which stand for the training rows (see `inference.features`).

    Its rows are the centres.

    maps: by the name of a Gram matrix (m, r): what the kernels with m centres are multiplied by. Of the
        matrix that is inverted it gives the features z(x) = U^T phi(x); of an ensemble's prior
        U^T Phi^T K(X, x).
    prior: U^T Phi^T K(X, X) Phi U (r, r), of an ensemble; None for a posterior.
    """

    maps: Mapping[GramName, FloatArray] = field(default_factory=dict)
    prior: FloatArray | None = None

    @property
    def size(self) -> int:
        """The number of features, r; 0 where nothing is inverted."""
        return max((matrix.shape[1] for matrix in self.maps.values()), default=0)

    def kernels_with(self, rows: Rows, grams: Sequence[GramName]) -> dict[GramName, FloatArray]:
        """What stands for the kernels of some rows (c,) with the training rows, (c, r)."""
        found = super().kernels_with(rows, grams)
        return {gram: product(found.pop(gram), self.maps[gram]) for gram in grams}

    def operator(self, gram: GramName) -> Operator:
        """What stands for the prior's Gram matrix of the training rows.

        Raises:
            ValueError: it is not known, as no ensemble's uncertainty was asked for.
        """
        if self.prior is None:
            raise ValueError(f"there is no {gram} Gram matrix of the features")
        return DenseOperator(self.prior)

    def save(self, place: int, arrays: ArraySink) -> int:
        """Keep the maps and the prior, of the stage at a place; returns the number of features."""
        for gram, matrix in self.maps.items():
            arrays.write(_map_name(place, gram), matrix)
        if self.prior is not None:
            arrays.write(prior_name(place), self.prior)
        return self.size

    @classmethod
    def load(
        cls, support: Support, place: int, features: int, grams: Sequence[GramName], arrays: ArraySource
    ) -> Self:
        """The features of a stage that `save` kept.

        Args:
            support: the centres.
            place: of the stage.
            features: how many, r.
            grams: the Gram matrices whose kernels are wanted: the stage's, and of an ensemble the prior's.
            arrays: where they are kept.

        Raises:
            DataError: an array is missing or damaged.
        """
        m = len(support.rows)
        maps = {gram: arrays.read(_map_name(place, gram), m, features) for gram in grams}
        prior = arrays.read(prior_name(place), features, features) if len(grams) > 1 else None
        return cls(support.evaluator, support.rows, maps=maps, prior=prior)


def _map_name(place: int, gram: GramName) -> str:
    return f"features/{place}_{gram}"


def prior_name(place: int) -> str:
    """The array of the prior of a stage, by its place among the stages."""
    return f"features/{place}_prior"

"""The activations under test: by name and parameters, with how exactly and how far they are known."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.kernels.activations.activation import COSINE_ROUNDING, Activation, Tile
from ntkcli.kernels.activations.catalogue import make
from ntkcli.kernels.activations.hermite_series import TOLERANCE
from ntkcli.kernels.activations.numerical import Tabulated

from .functions import FUNCTIONS
from .quadrature import duals, sizes

Parameters = dict[str, float | Sequence[float]]
Duals = tuple[FloatArray, FloatArray]
Span = tuple[float, float]


# eq=False: a case is a key by its identity, since parameters are dicts.
@dataclass(frozen=True, eq=False)
class Case:
    """An activation with its parameters, for variances up to `largest`."""

    name: str
    parameters: Parameters = field(default_factory=dict)
    closed: bool = True
    largest: float = 1e3

    def __str__(self) -> str:
        values = ",".join(f"{key}={value}" for key, value in self.parameters.items())
        return f"{self.name}({values})"

    @property
    def span(self) -> tuple[float, float]:
        """The variances that most tests are about; tables for wider ones take seconds."""
        return (1e-12, self.largest) if self.closed else (0.01, 20.0)

    @property
    def jumps(self) -> bool:
        """Whether phi itself is discontinuous."""
        return self.name == "sign" or (self.name, self.parameters.get("degree")) == ("rectified_monomial", 0)

    def made(self) -> Activation:
        """The activation itself."""
        return make(self.name, **self.parameters)

    def tile(self, q_a: FloatArray, q_b: FloatArray, c: FloatArray, span: Span | None = None) -> Duals:
        """E[phi phi] and E[phi' phi'] of a tile, as new arrays, by a table for the span of variances."""
        value, slope = c.copy(), np.full_like(c, np.nan)
        self.fill(value, slope, q_a, q_b, span or self.span)
        return value, slope

    def fill(
        self, c: FloatArray, slope: FloatArray | None, q_a: FloatArray, q_b: FloatArray, span: Span
    ) -> None:
        """The same in place, with work arrays that no result may depend on."""
        table = self.table(span)
        work = [np.full_like(c, np.nan) for _ in range(table.work_arrays)]
        table.dual(Tile(c, slope, q_a, q_b, work, COSINE_ROUNDING))

    def table(self, span: Span) -> Activation:
        """The activation for a span of variances, with what it tells of its error within the tolerance."""
        key = (self, *span)
        if key not in _tables:
            _tables[key] = made = self.made().tabulated(*span)
            assert not isinstance(made, Tabulated) or 0 <= made.report["residual"] <= TOLERANCE
        return _tables[key]

    def pairs(self, q_a: FloatArray, q_b: FloatArray, c: FloatArray, span: Span | None = None) -> Duals:
        """The duals of every (q, q', c): a tile's diagonal."""
        root = np.sqrt(q_a)[:, None] * np.sqrt(q_b)
        cosine = np.divide(c, np.diagonal(root), out=np.zeros_like(c), where=np.diagonal(root) > 0)
        every = np.clip(cosine, -1, 1)[:, None] * root
        np.fill_diagonal(every, c)
        value, slope = self.tile(q_a, q_b, every, span)
        return np.diagonal(value), np.diagonal(slope)

    def expected(self, q_a: FloatArray, q_b: FloatArray, cosine: FloatArray) -> FloatArray:
        """The duals by quadrature, (2, n); by its formula for the one that has no phi."""
        if self.name == "exp_normalized":
            gamma, shift = self.parameters.get("gamma", 1.0), self.parameters.get("shift", -1.0)
            kappa = np.exp(gamma * (cosine + shift))
            return np.stack([np.sqrt(q_a * q_b) * kappa, gamma * kappa])
        return duals(FUNCTIONS[self.name](**self.parameters), q_a, q_b, cosine)

    def scale(self, q_a: FloatArray, q_b: FloatArray) -> FloatArray:
        """sqrt(E[phi^2(u)] E[phi^2(v)]), and the same of phi', (2, n)."""
        if self.name == "exp_normalized":
            return self.expected(q_a, q_b, np.ones_like(q_a))
        phi = FUNCTIONS[self.name](**self.parameters)
        return sizes(phi, q_a) * sizes(phi, q_b)


# By case and span: a table can take as long as all the tests that look things up in it.
_tables: dict[tuple[Case, float, float], Activation] = {}


def series(name: str, **parameters: float) -> Case:
    """A case without a closed form."""
    return Case(name, dict(parameters), closed=False)


CASES = [
    Case("relu"),
    Case("abs"),
    Case("sign"),
    Case("identity"),
    Case("leaky_relu"),
    Case("leaky_relu", {"slope": 0.3}),
    Case("abrelu", {"a": -0.5, "b": 1.5}),
    Case("abrelu", {"a": 0.2, "b": -2.0}),
    Case("rectified_monomial"),
    *(Case("rectified_monomial", {"degree": degree}) for degree in range(5)),
    Case("erf"),
    Case("erf", {"a": 2.0, "b": 0.7, "c": 0.3}),
    Case("erf", {"a": -1.0, "b": -1.3, "c": 0.2}),
    Case("sigmoid_like"),
    Case("gelu"),
    Case("sin"),
    Case("sin", {"a": 1.5, "b": 0.8, "c": 0.4}),
    Case("sin", {"a": 1.0, "b": -1.2, "c": 3.0}),
    Case("cos"),
    Case("cos", {"a": 0.7, "b": 1.3, "c": 0.5}),
    Case("rbf"),
    Case("rbf", {"gamma": 0.3}),
    Case("gaussian"),
    Case("gaussian", {"a": 2.0, "b": -0.4}),
    # exp(b x^2) has a second moment below q = 1 / 4b only.
    Case("gaussian", {"a": 1.0, "b": 0.05}, largest=4.0),
    # exp(2 b^2 q) soon leaves float64.
    Case("exp", largest=50.0),
    Case("exp", {"a": 0.5, "b": 0.3}),
    Case("exp", {"a": -2.0, "b": -0.5}, largest=200.0),
    Case("gabor"),
    Case("monomial"),
    Case("monomial", {"degree": 0}),
    Case("monomial", {"degree": 3}),
    Case("monomial", {"degree": 5}),
    Case("polynomial", {"coefficients": [0.5, 1.0, 0.25, -0.1]}),
    Case("polynomial", {"coefficients": [0.0, 0.0, 1.0, 0.0, 2.0]}),
    Case("hermite"),
    Case("hermite", {"degree": 0}),
    Case("hermite", {"degree": 1}),
    Case("hermite", {"degree": 3}),
    Case("exp_normalized"),
    Case("exp_normalized", {"gamma": 2.5, "shift": 0.3}),
    series("tanh"),
    series("sigmoid"),
    series("softplus"),
    series("swish"),
    series("silu"),
    series("mish"),
    series("elu"),
    series("elu", alpha=0.5),
    series("selu"),
    series("celu"),
    series("celu", alpha=2.0),
    series("softsign"),
    series("arctan"),
    Case("hard_tanh"),
    Case("relu6"),
]

"""Every activation by name: its formula, its parameters, and where its dual comes from."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from ntkcli.kernels.activations import functions
from ntkcli.kernels.activations.activation import Activation
from ntkcli.kernels.activations.arc_cosine import AbRelu, RectifiedMonomial, Sign
from ntkcli.kernels.activations.clipped import Clip
from ntkcli.kernels.activations.error_function import Erf, Gelu
from ntkcli.kernels.activations.exponential import Exp, Gabor, Gaussian, Rbf
from ntkcli.kernels.activations.kernel_map import ExpNormalized
from ntkcli.kernels.activations.numerical import Numerical
from ntkcli.kernels.activations.parameters import SMALLEST, Parameter
from ntkcli.kernels.activations.polynomial import Hermite, Identity, Polynomial
from ntkcli.kernels.activations.sine import Cosine, Sine

CHO = "Cho & Saul 2009"
WILLIAMS = "Williams 1997"
TSUCHIDA = "Tsuchida et al. 2018"
DANIELY = "Daniely et al. 2016"
HAN = "Han et al. 2022"
MEHLER = "Mehler's formula, Daniely et al. 2016"
POLAR = "polar coordinates, docs/theory.md"
# Klambauer et al. 2017.
SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805
SIGMOID_LIKE = 2.4020563531719796


@dataclass(frozen=True)
class Entry:
    """An activation that a spec can name.

    formula: phi(x), as text; "none: " and what becomes of K where there is no phi.
    build: makes the activation from its parameters.
    source: where its duals are published or derived.
    """

    formula: str
    build: Callable[..., Activation]
    source: str
    parameters: tuple[Parameter, ...] = ()

    @property
    def has_closed_form(self) -> bool:
        """Whether the duals are formulas, and not integrated numerically."""
        return not isinstance(self.build(**{p.name: p.example for p in self.parameters}), Numerical)


def make(name: str, **parameters: Any) -> Activation:
    """An activation by its name; parameters that have a default may be omitted."""
    entry = ACTIVATIONS[name]
    given = {parameter.name: parameter.default for parameter in entry.parameters} | parameters
    return entry.build(**given)


def _smooth(phi: functions.Phi) -> Callable[[], Activation]:
    return partial(Numerical, phi)


def _leaky_relu(slope: float) -> Activation:
    return AbRelu(slope, 1.0)


def _rectified_monomial(degree: int) -> Activation:
    return AbRelu(0.0, 1.0) if degree == 1 else RectifiedMonomial(degree)


def _polynomial(coefficients: list[float]) -> Activation:
    return Polynomial(tuple(coefficients))


def _elu(alpha: float) -> Activation:
    return Numerical(functions.exponential_unit(alpha, 1.0, 1.0))


def _celu(alpha: float) -> Activation:
    return Numerical(functions.exponential_unit(alpha, 1.0, 1 / alpha))


def _selu() -> Activation:
    return Numerical(functions.exponential_unit(SELU_ALPHA, SELU_SCALE, 1.0))


A, B, C = Parameter("a", 1.0), Parameter("b", 1.0), Parameter("c", 0.0)
GAMMA = Parameter("gamma", 1.0, low=SMALLEST)
ALPHA = Parameter("alpha", 1.0, low=SMALLEST)
SIGMOID_FORMULA = f"erf(x / {SIGMOID_LIKE}) / 2 + 1/2"

ACTIVATIONS: dict[str, Entry] = {
    "relu": Entry("max(x, 0)", partial(AbRelu, 0.0, 1.0), CHO),
    "abs": Entry("|x|", partial(AbRelu, -1.0, 1.0), TSUCHIDA),
    "sign": Entry("sign(x)", Sign, CHO),
    "identity": Entry("x", Identity, DANIELY),
    "leaky_relu": Entry("max(x, 0) + slope min(x, 0)", _leaky_relu, TSUCHIDA, (Parameter("slope", 0.01),)),
    "abrelu": Entry(
        "a min(x, 0) + b max(x, 0)", AbRelu, TSUCHIDA, (Parameter("a", None), Parameter("b", None))
    ),
    "rectified_monomial": Entry(
        "x^degree for x > 0, else 0",
        _rectified_monomial,
        CHO,
        (Parameter("degree", 2, low=0, high=4, kind="integer"),),
    ),
    "erf": Entry("a erf(b x) + c", Erf, WILLIAMS, (A, B, C)),
    "sigmoid_like": Entry(SIGMOID_FORMULA, partial(Erf, 0.5, 1 / SIGMOID_LIKE, 0.5), WILLIAMS),
    "gelu": Entry("x Phi(x)", Gelu, "Tsuchida et al. 2021"),
    "sin": Entry("a sin(b x + c)", Sine, HAN, (A, B, C)),
    "cos": Entry("a cos(b x + c)", Cosine, HAN, (A, B, C)),
    "rbf": Entry("sqrt(2) sin(sqrt(2 gamma) x + pi/4)", Rbf, "Rahimi & Recht 2007", (GAMMA,)),
    "gaussian": Entry("a exp(b x^2)", Gaussian, WILLIAMS, (A, Parameter("b", -1.0))),
    "exp": Entry("a exp(b x)", Exp, DANIELY, (A, B)),
    "exp_normalized": Entry(
        "none: K becomes sqrt(q q') exp(gamma (cos + shift))",
        ExpNormalized,
        "Shankar et al. 2020",
        (GAMMA, Parameter("shift", -1.0)),
    ),
    "gabor": Entry("exp(-x^2) sin(x)", Gabor, HAN),
    "monomial": Entry(
        "x^degree", Polynomial.monomial, HAN, (Parameter("degree", 2, low=0, high=20, kind="integer"),)
    ),
    "polynomial": Entry(
        "sum_j coefficients[j] x^j",
        _polynomial,
        HAN,
        (Parameter("coefficients", None, kind="list", high=21),),
    ),
    "hermite": Entry(
        "He_degree(x) / sqrt(degree!) of unit-variance inputs",
        Hermite,
        DANIELY,
        (Parameter("degree", 2, low=0, high=100, kind="integer"),),
    ),
    "tanh": Entry("tanh(x)", _smooth(functions.TANH), MEHLER),
    "sigmoid": Entry("1 / (1 + exp(-x))", _smooth(functions.SIGMOID), MEHLER),
    "softplus": Entry("log(1 + exp(x))", _smooth(functions.SOFTPLUS), MEHLER),
    "swish": Entry("x / (1 + exp(-x))", _smooth(functions.SWISH), MEHLER),
    "silu": Entry("x / (1 + exp(-x)), the same as swish", _smooth(functions.SWISH), MEHLER),
    "mish": Entry("x tanh(log(1 + exp(x)))", _smooth(functions.MISH), MEHLER),
    "arctan": Entry("arctan(x)", _smooth(functions.ARCTAN), MEHLER),
    "softsign": Entry("x / (1 + |x|)", _smooth(functions.SOFTSIGN), POLAR),
    "elu": Entry("x for x > 0, else alpha (exp(x) - 1)", _elu, POLAR, (ALPHA,)),
    "selu": Entry(f"{SELU_SCALE:.4f} elu(x) with alpha = {SELU_ALPHA:.4f}", _selu, POLAR),
    "celu": Entry("x for x > 0, else alpha (exp(x / alpha) - 1)", _celu, POLAR, (ALPHA,)),
    "hard_tanh": Entry("min(max(x, -1), 1)", partial(Clip, -1.0, 1.0), "Owen 1956, docs/theory.md"),
    "relu6": Entry("min(max(x, 0), 6)", partial(Clip, 0.0, 6.0), "Owen 1956, docs/theory.md"),
}

"""The activation functions themselves and their derivatives, in plain numpy, with where they bend."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.polynomial import polynomial as power_series
from scipy.special import erf, expit, ndtr

from ntkcli.arrays import FloatArray

Plain = Callable[[FloatArray], FloatArray]


@dataclass(frozen=True)
class Function:
    """phi and phi' at x, an argument of variance q (which only the Wick powers look at).

    kinks: where phi or a derivative of it jumps, and 0, about which smooth ones bend.
    reach: beyond how many standard deviations nothing of E[phi^2] is left.
    """

    value: Callable[[FloatArray, FloatArray], FloatArray]
    slope: Callable[[FloatArray, FloatArray], FloatArray]
    kinks: FloatArray = field(default_factory=lambda: np.zeros(1))
    reach: float = 12.0


def plain(value: Plain, slope: Plain, kinks: Sequence[float] = (0.0,), reach: float = 12.0) -> Function:
    """A phi that does not depend on its argument's variance."""
    return Function(lambda x, _: value(x), lambda x, _: slope(x), np.array(kinks), reach)


def above(x: FloatArray) -> FloatArray:
    """1 for x > 0, and an even split at 0."""
    return np.heaviside(x, 0.5)


def abrelu(a: float, b: float) -> Function:
    return plain(lambda x: a * np.minimum(x, 0.0) + b * np.maximum(x, 0.0), lambda x: a + (b - a) * above(x))


def rectified_monomial(degree: int = 2) -> Function:
    if degree == 0:
        return plain(lambda x: np.heaviside(x, 0.0), np.zeros_like)
    return plain(
        lambda x: np.maximum(x, 0.0) ** degree,
        lambda x: degree * np.maximum(x, 0.0) ** (degree - 1) * above(x),
    )


def scaled_erf(a: float = 1.0, b: float = 1.0, c: float = 0.0) -> Function:
    return plain(lambda x: a * erf(b * x) + c, lambda x: 2 * a * b / np.sqrt(np.pi) * np.exp(-((b * x) ** 2)))


def sigmoid_like() -> Function:
    """erf(b x) / 2 + 1/2 = Phi(sqrt(2) b x)."""
    b = 1 / 2.4020563531719796
    return plain(lambda x: ndtr(np.sqrt(2) * b * x), lambda x: b / np.sqrt(np.pi) * np.exp(-((b * x) ** 2)))


def gelu() -> Function:
    return plain(lambda x: x * ndtr(x), lambda x: ndtr(x) + x * np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi))


def sine(a: float = 1.0, b: float = 1.0, c: float = 0.0) -> Function:
    return plain(lambda x: a * np.sin(b * x + c), lambda x: a * b * np.cos(b * x + c))


def cosine(a: float = 1.0, b: float = 1.0, c: float = 0.0) -> Function:
    return plain(lambda x: a * np.cos(b * x + c), lambda x: -a * b * np.sin(b * x + c))


def rbf(gamma: float = 1.0) -> Function:
    return sine(np.sqrt(2.0), np.sqrt(2.0 * gamma), np.pi / 4)


def gaussian(a: float = 1.0, b: float = -1.0) -> Function:
    reach = 24.0 if b > 0 else 12.0
    return plain(lambda x: a * np.exp(b * x**2), lambda x: 2 * a * b * x * np.exp(b * x**2), reach=reach)


def exponential(a: float = 1.0, b: float = 1.0) -> Function:
    return plain(lambda x: a * np.exp(b * x), lambda x: a * b * np.exp(b * x), reach=30.0)


def gabor() -> Function:
    return plain(
        lambda x: np.exp(-(x**2)) * np.sin(x), lambda x: np.exp(-(x**2)) * (np.cos(x) - 2 * x * np.sin(x))
    )


def polynomial(coefficients: Sequence[float]) -> Function:
    series = np.array(coefficients, dtype=np.float64)
    slope = power_series.polyder(series)
    return plain(lambda x: power_series.polyval(x, series), lambda x: power_series.polyval(x, slope))


def monomial(degree: int = 2) -> Function:
    return polynomial([0.0] * degree + [1.0])


def hermite(degree: int = 2) -> Function:
    """The Wick powers, by H_{k+1} = x H_k - k q H_{k-1}; each one's derivative is k H_{k-1}."""

    def wick(x: FloatArray, q: FloatArray, k: int) -> FloatArray:
        powers = [np.ones_like(x), x]
        for j in range(1, k):
            powers.append(x * powers[j] - j * q * powers[j - 1])
        return powers[k]

    norm = np.sqrt(float(np.prod(np.arange(1, degree + 1))))
    return Function(
        lambda x, q: wick(x, q, degree) / norm, lambda x, q: degree * wick(x, q, degree - 1) / norm
    )


def tanh() -> Function:
    return plain(np.tanh, lambda x: (2 / (np.exp(x) + np.exp(-x))) ** 2)


def swish() -> Function:
    return plain(lambda x: x * expit(x), lambda x: expit(x) * (1 + x * expit(-x)))


def mish() -> Function:
    def gate(x: FloatArray) -> FloatArray:
        return np.tanh(np.logaddexp(0.0, x))

    return plain(lambda x: x * gate(x), lambda x: gate(x) + x * (1 - gate(x) ** 2) * expit(x))


def elu(alpha: float = 1.0, scale: float = 1.0, width: float = 1.0) -> Function:
    """scale * alpha * (e^(x / width) - 1) below 0."""
    return plain(
        lambda x: scale * (np.maximum(x, 0.0) + alpha * np.expm1(np.minimum(x, 0.0) / width)),
        lambda x: scale * (above(x) + above(-x) * alpha / width * np.exp(np.minimum(x, 0.0) / width)),
    )


def softsign() -> Function:
    return plain(lambda x: x / (1 + np.abs(x)), lambda x: 1 / (1 + np.abs(x)) ** 2)


def clipped(low: float, high: float) -> Function:
    return plain(
        lambda x: np.clip(x, low, high), lambda x: above(x - low) * above(high - x), [low, 0.0, high]
    )


FUNCTIONS: dict[str, Callable[..., Function]] = {
    "relu": lambda: abrelu(0.0, 1.0),
    "abs": lambda: abrelu(-1.0, 1.0),
    "sign": lambda: plain(np.sign, np.zeros_like),
    "identity": lambda: plain(lambda x: x, np.ones_like),
    "leaky_relu": lambda slope=0.01: abrelu(slope, 1.0),
    "abrelu": abrelu,
    "rectified_monomial": rectified_monomial,
    "erf": scaled_erf,
    "sigmoid_like": sigmoid_like,
    "gelu": gelu,
    "sin": sine,
    "cos": cosine,
    "rbf": rbf,
    "gaussian": gaussian,
    "exp": exponential,
    "gabor": gabor,
    "monomial": monomial,
    "polynomial": polynomial,
    "hermite": hermite,
    "tanh": tanh,
    "sigmoid": lambda: plain(expit, lambda x: expit(x) * expit(-x)),
    "softplus": lambda: plain(lambda x: np.logaddexp(0.0, x), expit),
    "swish": swish,
    "silu": swish,
    "mish": mish,
    "elu": elu,
    "selu": lambda: elu(1.6732632423543772, 1.0507009873554805),
    "celu": lambda alpha=1.0: elu(alpha, 1.0, alpha),
    "softsign": softsign,
    "arctan": lambda: plain(np.arctan, lambda x: 1 / (1 + x**2)),
    "hard_tanh": lambda: clipped(-1.0, 1.0),
    "relu6": lambda: clipped(0.0, 6.0),
}

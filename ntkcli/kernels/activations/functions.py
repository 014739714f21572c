"""Activations that have no closed form: phi and its derivative, to be integrated."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from ntkcli.arrays import FloatArray

Function = Callable[[FloatArray], FloatArray]


@dataclass(frozen=True)
class Phi:
    """An activation by its values.

    value, derivative: phi and phi' of any array. Both can be pickled and are equal if they are the same
        function with the same parameters: functions of a module, or objects that compare by value.
    strip: how far from the real axis phi is analytic; 0 for a kink at 0, with analytic halves.
    """

    value: Function
    derivative: Function
    strip: float


def _sech_squared(x: FloatArray) -> FloatArray:
    # 1 - tanh^2 would cancel where tanh is near 1.
    e = np.exp(-2 * np.abs(x))
    return np.asarray(4 * e / (1 + e) ** 2)


def _bell(x: FloatArray) -> FloatArray:
    """The derivative of the sigmoid."""
    return _sech_squared(x / 2) / 4


def _sigmoid(x: FloatArray) -> FloatArray:
    return np.asarray(expit(x))


def _softplus(x: FloatArray) -> FloatArray:
    return np.asarray(np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x))))


def _swish(x: FloatArray) -> FloatArray:
    return np.asarray(x * expit(x))


def _swish_derivative(x: FloatArray) -> FloatArray:
    return np.asarray(expit(x) + x * _bell(x))


def _mish(x: FloatArray) -> FloatArray:
    return np.asarray(x * np.tanh(_softplus(x)))


def _mish_derivative(x: FloatArray) -> FloatArray:
    softplus = _softplus(x)
    return np.asarray(np.tanh(softplus) + x * _sech_squared(softplus) * expit(x))


def _arctan_derivative(x: FloatArray) -> FloatArray:
    # Where x^2 is beyond float64, this is 0.
    with np.errstate(over="ignore"):
        return np.asarray(1 / (1 + x**2))


def _softsign(x: FloatArray) -> FloatArray:
    return np.asarray(x / (1 + np.abs(x)))


def _softsign_derivative(x: FloatArray) -> FloatArray:
    return np.asarray((1 / (1 + np.abs(x))) ** 2)


TANH = Phi(np.tanh, _sech_squared, np.pi / 2)
SIGMOID = Phi(_sigmoid, _bell, np.pi)
SOFTPLUS = Phi(_softplus, _sigmoid, np.pi)
SWISH = Phi(_swish, _swish_derivative, np.pi)
# tanh(softplus) has its poles where (1 + e^x)^2 = -1.
MISH = Phi(_mish, _mish_derivative, 0.75 * np.pi)
ARCTAN = Phi(np.arctan, _arctan_derivative, 1.0)
SOFTSIGN = Phi(_softsign, _softsign_derivative, 0.0)


@dataclass(frozen=True)
class ExponentialUnit:
    """scale x for x > 0, and scale alpha (exp(rate x) - 1) below: elu, selu and celu."""

    alpha: float
    scale: float
    rate: float

    def __call__(self, x: FloatArray) -> FloatArray:
        below = self.alpha * np.expm1(self.rate * np.minimum(x, 0))
        return np.asarray(self.scale * (np.maximum(x, 0) + below))


@dataclass(frozen=True)
class ExponentialUnitDerivative:
    """The derivative of an exponential unit; at 0, the mean of both sides."""

    alpha: float
    scale: float
    rate: float

    def __call__(self, x: FloatArray) -> FloatArray:
        at_zero = self.alpha * self.rate
        slopes = np.where(x > 0, 1.0, at_zero * np.exp(self.rate * np.minimum(x, 0)))
        np.copyto(slopes, (1 + at_zero) / 2, where=np.equal(x, 0))
        return np.asarray(self.scale * slopes)


def exponential_unit(alpha: float, scale: float, rate: float) -> Phi:
    """An exponential unit with its derivative."""
    parameters = (alpha, scale, rate)
    return Phi(ExponentialUnit(*parameters), ExponentialUnitDerivative(*parameters), 0.0)

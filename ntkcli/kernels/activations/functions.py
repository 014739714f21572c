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

    value, derivative: phi and phi' of any array.
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


def _mish_derivative(x: FloatArray) -> FloatArray:
    softplus = _softplus(x)
    return np.asarray(np.tanh(softplus) + x * _sech_squared(softplus) * expit(x))


TANH = Phi(np.tanh, _sech_squared, np.pi / 2)
SIGMOID = Phi(_sigmoid, _bell, np.pi)
SOFTPLUS = Phi(_softplus, _sigmoid, np.pi)
SWISH = Phi(lambda x: x * expit(x), lambda x: expit(x) + x * _bell(x), np.pi)
# tanh(softplus) has its poles where (1 + e^x)^2 = -1.
MISH = Phi(lambda x: x * np.tanh(_softplus(x)), _mish_derivative, 0.75 * np.pi)
ARCTAN = Phi(np.arctan, lambda x: 1 / (1 + x**2), 1.0)
SOFTSIGN = Phi(lambda x: x / (1 + np.abs(x)), lambda x: 1 / (1 + np.abs(x)) ** 2, 0.0)


def exponential_unit(alpha: float, scale: float, rate: float) -> Phi:
    """scale x for x > 0, and scale alpha (exp(rate x) - 1) below: elu, selu and celu."""

    def value(x: FloatArray) -> FloatArray:
        below = alpha * np.expm1(rate * np.minimum(x, 0))
        return np.asarray(scale * np.where(x > 0, x, below))

    def derivative(x: FloatArray) -> FloatArray:
        below = alpha * rate * np.exp(rate * np.minimum(x, 0))
        return np.asarray(scale * np.where(x > 0, 1.0, below))

    return Phi(value, derivative, 0.0)

"""Gram matrices as plain arrays, for the tests of the kernels."""

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.kernels.evaluator import Evaluator
from ntkcli.kernels.network import Network
from ntkcli.kernels.rows import GramName
from ntkcli.kernels.scratch import Scratch

BOTH: list[GramName] = ["nngp", "ntk"]


def kernels(network: Network, a: FloatArray, b: FloatArray) -> tuple[FloatArray, FloatArray]:
    """K and Theta between inputs a and b, as one tile."""
    return network.tile(network.rows(a), network.rows(b), Scratch(), ntk=True)


def symmetric(evaluator: Evaluator, x: FloatArray) -> dict[GramName, FloatArray]:
    """The Gram matrices of inputs, whole."""
    matrices = evaluator.symmetric(evaluator.network.rows(x), BOTH)
    return {kernel: matrix.to_array() for kernel, matrix in matrices.items()}


def rectangle(evaluator: Evaluator, a: FloatArray, b: FloatArray) -> dict[GramName, FloatArray]:
    """The kernel matrices between inputs."""
    return evaluator.rectangle(evaluator.network.rows(a), evaluator.network.rows(b), BOTH)


def all_matrices(evaluator: Evaluator, x_train: FloatArray, x_test: FloatArray) -> dict[str, FloatArray]:
    """Every matrix of the reference files, by its name there."""
    train_train, test_train = symmetric(evaluator, x_train), rectangle(evaluator, x_test, x_train)
    return {
        "nngp_train_train": train_train["nngp"],
        "ntk_train_train": train_train["ntk"],
        "nngp_test_train": test_train["nngp"],
        "ntk_test_train": test_train["ntk"],
        "nngp_test_test": symmetric(evaluator, x_test)["nngp"],
    }


def cosines(a: FloatArray, b: FloatArray) -> FloatArray:
    """Between the inputs themselves."""
    norms = np.multiply.outer(np.linalg.norm(a, axis=1), np.linalg.norm(b, axis=1))
    return np.asarray(a @ b.T / norms)

"""NTKKernel: a network's kernel for scikit-learn's Gaussian processes."""

from typing import Any, Literal

import numpy as np
from sklearn.gaussian_process.kernels import Kernel

from ntkcli.arrays import FloatArray
from ntkcli.estimators.errors import InvalidValueError
from ntkcli.estimators.kernel_functions import kernel_diagonal, nngp_kernel, ntk_kernel
from ntkcli.kernels.rows import GramName


class NTKKernel(Kernel):  # type: ignore[misc]
    """The NNGP or the NTK of a network as a covariance, for GaussianProcessRegressor and its like.

        ConstantKernel() * NTKKernel("nngp", {"depth": 4, "activation": "erf"}) + WhiteKernel()

    The network is fixed: it adds no hyperparameter to those that `fit` tunes. Values are as of `nngp_kernel`
    and `ntk_kernel`.

    Args:
        gram: nngp or ntk.
        network: keys of a spec's network section; None for its defaults.
        threads: that compute; auto is what the process may use.
    """

    def __init__(
        self,
        gram: GramName = "nngp",
        network: dict[str, Any] | None = None,
        threads: int | Literal["auto"] = "auto",
    ) -> None:
        self.gram = gram
        self.network = network
        self.threads = threads

    def __call__(
        self,
        X: Any,  # noqa: N803 - scikit-learn's name
        Y: Any = None,  # noqa: N803
        eval_gradient: bool = False,
    ) -> FloatArray | tuple[FloatArray, FloatArray]:
        """The kernel of rows X (n, d) with rows Y (m, d), (n, m); Y None is X.

        With `eval_gradient` also the gradient by hyperparameters, of which there are none: (n, n, 0).

        Raises:
            ValueError: as `nngp_kernel`; or a gradient is wanted between X and Y.
        """
        if eval_gradient and Y is not None:
            raise ValueError("a gradient can be had where Y is None only")
        values = (nngp_kernel if self._gram == "nngp" else ntk_kernel)(
            X, Y, self.network, threads=self.threads
        )
        return (values, np.empty((*values.shape, 0))) if eval_gradient else values

    def diag(self, X: Any) -> FloatArray:  # noqa: N803
        """The kernel of every row of X (n, d) with itself, (n,).

        Raises:
            ValueError: as `nngp_kernel`.
        """
        return kernel_diagonal(self._gram, X, self.network)

    def is_stationary(self) -> bool:
        """Whether it depends on differences of rows alone: it does not."""
        return False

    def __repr__(self) -> str:
        return f"NTKKernel({self.gram!r}, {self.network!r})"

    @property
    def _gram(self) -> GramName:
        if self.gram not in ("nngp", "ntk"):
            raise InvalidValueError(f"gram: should be 'nngp' or 'ntk' (found {self.gram!r})")
        return self.gram

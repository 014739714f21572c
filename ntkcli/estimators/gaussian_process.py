"""NTKKernel: a network's kernel for scikit-learn's Gaussian processes."""

from typing import Any, Literal

import numpy as np
from sklearn.gaussian_process.kernels import Hyperparameter, Kernel

from ntkcli.arrays import FloatArray
from ntkcli.estimators.errors import InvalidValueError
from ntkcli.estimators.kernel_functions import kernel_diagonal, nngp_gradients, nngp_kernel, ntk_kernel
from ntkcli.kernels.rows import GramName

Bounds = tuple[float, float] | Literal["fixed"]


class NTKKernel(Kernel):  # type: ignore[misc]
    """The NNGP or the NTK of a network as a covariance, for GaussianProcessRegressor and its like.

        ConstantKernel() * NTKKernel("nngp", {"depth": 4, "activation": "erf"}) + WhiteKernel()

    Values are as of `nngp_kernel` and `ntk_kernel`. sigma_w and sigma_b are tuned by a fit where they have
    bounds, with exact gradients: of nngp, with homogeneous activations such as relu, and without residual,
    layer_norm and dropout.

    Args:
        gram: nngp or ntk.
        network: keys of a spec's network section; None for its defaults.
        sigma_w, sigma_b: of all layers, in place of the network's; None for these.
        sigma_w_bounds, sigma_b_bounds: the least and the largest that a fit tries, or fixed.
        threads: that compute; auto is what the process may use.
    """

    def __init__(
        self,
        gram: GramName = "nngp",
        network: dict[str, Any] | None = None,
        sigma_w: float | None = None,
        sigma_b: float | None = None,
        sigma_w_bounds: Bounds = "fixed",
        sigma_b_bounds: Bounds = "fixed",
        threads: int | Literal["auto"] = "auto",
    ) -> None:
        self.gram = gram
        self.network = network
        self.sigma_w = sigma_w
        self.sigma_b = sigma_b
        self.sigma_w_bounds = sigma_w_bounds
        self.sigma_b_bounds = sigma_b_bounds
        self.threads = threads

    @property
    def hyperparameter_sigma_w(self) -> Hyperparameter:
        """The deviation of the weights."""
        return Hyperparameter("sigma_w", "numeric", self.sigma_w_bounds)

    @property
    def hyperparameter_sigma_b(self) -> Hyperparameter:
        """The deviation of the biases."""
        return Hyperparameter("sigma_b", "numeric", self.sigma_b_bounds)

    def __call__(
        self,
        X: Any,  # noqa: N803 - scikit-learn's name
        Y: Any = None,  # noqa: N803
        eval_gradient: bool = False,
    ) -> FloatArray | tuple[FloatArray, FloatArray]:
        """The kernel of rows X (n, d) with rows Y (m, d), (n, m); Y None is X.

        With `eval_gradient` also the gradient by the logarithms of what has bounds, (n, n, c).

        Raises:
            ValueError: as `nngp_kernel`; or a gradient is wanted between X and Y, or is not known.
        """
        if eval_gradient and Y is not None:
            raise ValueError("a gradient can be had where Y is None only")
        kernel = nngp_kernel if self._gram == "nngp" else ntk_kernel
        values = kernel(X, Y, self._network, threads=self.threads)
        return (values, self._gradient(X, values)) if eval_gradient else values

    def _gradient(self, x: Any, values: FloatArray) -> FloatArray:
        free = [each.name for each in self.hyperparameters if not each.fixed]
        if not free:
            return np.empty((*values.shape, 0))
        if self._gram == "ntk" or "readout" in (self.network or {}):
            raise InvalidValueError(
                "gradients by sigma_w and sigma_b are known for nngp, without a readout of its own: use "
                "bounds 'fixed'"
            )
        by_weight, by_bias = nngp_gradients(x, self._network, values, self.threads)
        return np.dstack([{"sigma_w": by_weight, "sigma_b": by_bias}[name] for name in free])

    def diag(self, X: Any) -> FloatArray:  # noqa: N803
        """The kernel of every row of X (n, d) with itself, (n,).

        Raises:
            ValueError: as `nngp_kernel`.
        """
        return kernel_diagonal(self._gram, X, self._network)

    def is_stationary(self) -> bool:
        """Whether it depends on differences of rows alone: it does not."""
        return False

    def __repr__(self) -> str:
        given = {
            key: value for key, value in self.get_params().items() if value not in (None, "fixed", "auto")
        }
        return f"NTKKernel({', '.join(f'{key}={value!r}' for key, value in given.items())})"

    @property
    def _gram(self) -> GramName:
        if self.gram not in ("nngp", "ntk"):
            raise InvalidValueError(f"gram: should be 'nngp' or 'ntk' (found {self.gram!r})")
        return self.gram

    @property
    def _network(self) -> dict[str, Any]:
        given = {"sigma_w": self.sigma_w, "sigma_b": self.sigma_b}
        own = {key: float(value) for key, value in given.items() if value is not None}
        free = [each.name for each in self.hyperparameters if not each.fixed]
        lacking = [key for key in free if key not in own]
        if lacking:
            raise InvalidValueError(f"{lacking[0]}: has bounds, and no value to begin with: give it one")
        return {**(self.network or {}), **own}

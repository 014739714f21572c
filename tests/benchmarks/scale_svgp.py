"""GPyTorch's stochastic variational Gaussian process (Hensman, Fusi & Lawrence 2013) at scale.

As in GPyTorch's example "Stochastic Variational GP Regression": 500 inducing points, whose places are learned
too, batches of 1,024 rows, four epochs of Adam at 0.01, float32. There is a length scale for each feature,
which the example does not have.
"""

# mypy: disable-error-code="import-not-found, misc"

from collections.abc import Iterator
from typing import Any

import gpytorch
import numpy as np
import torch
from scale_encoding import FloatArray, Rows

POINTS, BATCH, EPOCHS, RATE = 500, 1_024, 4, 0.01


class SparseProcess(gpytorch.models.ApproximateGP):
    """Constant mean, scaled RBF, a Gaussian over the values at inducing points."""

    def __init__(self, points: torch.Tensor) -> None:
        distribution = gpytorch.variational.CholeskyVariationalDistribution(len(points))
        strategy = gpytorch.variational.VariationalStrategy(
            self, points, distribution, learn_inducing_locations=True
        )
        super().__init__(strategy)
        self.mean_module = gpytorch.means.ConstantMean()
        kernel = gpytorch.kernels.RBFKernel(ard_num_dims=points.shape[1])
        self.covar_module = gpytorch.kernels.ScaleKernel(kernel)

    def forward(self, x: torch.Tensor) -> Any:
        """The prior at rows."""
        return gpytorch.distributions.MultivariateNormal(self.mean_module(x), self.covar_module(x))


def svgp(rows: Rows, centres: int) -> dict[str, FloatArray]:
    """Mean and std of new observations; its points are fewer than the centres of others."""
    torch.manual_seed(0)
    (x, x_test), unit = rows.numbers(), float(rows.y.std())
    inputs = torch.from_numpy(x.astype(np.float32))
    targets = torch.from_numpy(((rows.y - rows.y.mean()) / unit).astype(np.float32))
    model, likelihood = SparseProcess(inputs[:POINTS].clone()), gpytorch.likelihoods.GaussianLikelihood()
    _train(model, likelihood, inputs, targets)
    found = list(_predictions(model, likelihood, torch.from_numpy(x_test.astype(np.float32))))
    mean, variance = (np.concatenate(parts).astype(float) for parts in zip(*found, strict=True))
    return {"mean": rows.y.mean() + unit * mean, "std": unit * np.sqrt(variance)}


def _train(model: Any, likelihood: Any, inputs: torch.Tensor, targets: torch.Tensor) -> None:
    """Maximise the variational bound."""
    bound = gpytorch.mlls.VariationalELBO(likelihood, model, num_data=len(targets))
    optimizer = torch.optim.Adam([*model.parameters(), *likelihood.parameters()], lr=RATE)
    for _ in range(EPOCHS):
        for batch in torch.randperm(len(targets)).split(BATCH):
            optimizer.zero_grad()
            (-bound(model(inputs[batch]), targets[batch])).backward()
            optimizer.step()


def _predictions(model: Any, likelihood: Any, x_test: torch.Tensor) -> Iterator[tuple[Any, Any]]:
    model.eval()
    likelihood.eval()
    with torch.no_grad():
        for part in x_test.split(BATCH):
            found = likelihood(model(part))
            yield found.mean.numpy(), found.variance.numpy()

"""How well the predictions of finite networks agree with the closed form's Gaussian."""

from dataclasses import dataclass

import numpy as np

from ntkcli.arrays import FloatArray

REJECTED = 0.05
# The median of |z| for z ~ N(0, 1).
NORMAL_MEDIAN = 0.6744897501960817


@dataclass(frozen=True)
class Agreement:
    """Finite networks of one width at one time, beside the Gaussian that the closed form says they are from.

    With S seeds and z = (f - mean) / std at every test row and output:

    z_score: root mean square, over rows, of the seeds' mean in units of its standard error, std / sqrt(S);
        about 1 where both agree.
    z_median: the median over rows of the size of the same, over that of N(0, 1), 0.67; about 1 as well, and
        steadier where some rows have hardly any variance.
    std_ratio: the mean over rows of the seeds' standard deviation over the closed form's.
    ks_statistic: the mean over rows of the Kolmogorov-Smirnov distance between the S values of z and
        N(0, 1); about 0.87 / sqrt(S) where both agree.
    ks_rejected: the share of rows at which it would be rejected at the level 0.05.

    All are None where the closed form has no variance; the ratio with a single seed.
    """

    z_score: float | None
    z_median: float | None
    std_ratio: float | None
    ks_statistic: float | None
    ks_rejected: float | None


def agreement(outputs: FloatArray, mean: FloatArray, variance: FloatArray) -> Agreement:
    """Compare predictions with a Gaussian.

    Args:
        outputs: (seeds, m, k), of the finite networks.
        mean: (m, k), of the closed form.
        variance: (m,), of the closed form.
    """
    kept = variance > 0
    if not kept.any():
        return Agreement(None, None, None, None, None)
    std = np.sqrt(variance[kept])[:, None]
    z = (outputs[:, kept] - mean[kept]) / std
    z = z.reshape(len(z), -1)
    of_means = np.sqrt(len(z)) * z.mean(axis=0)
    distances, chances = _kolmogorov_smirnov(z)
    return Agreement(
        float(np.sqrt(np.mean(of_means**2))),
        float(np.median(np.abs(of_means)) / NORMAL_MEDIAN),
        float(np.mean(z.std(axis=0, ddof=1))) if len(z) > 1 else None,
        float(distances.mean()),
        float(np.mean(chances < REJECTED)),
    )


def _kolmogorov_smirnov(z: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The distance of every column (S, c) to N(0, 1), and the chance of a larger one."""
    # Takes long to load, and no other command needs it.
    from scipy.stats import kstest

    found = kstest(z, "norm", axis=0)
    return np.asarray(found.statistic), np.asarray(found.pvalue)

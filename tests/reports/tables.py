"""Tables as `ntk spectrum` and `ntk simulate` write them, of made-up numbers."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from ntkcli.reports.power_law import SlopeCells

BOTH = ("ntk", "nngp")
TIMES = (0.0, 0.1, 1.0, 10.0, 100.0, math.inf)


def spectrum(kernels: Sequence[str] = BOTH, modes: int = 40, zeros: int = 0) -> pd.DataFrame:
    """A power law, whose last eigenvalues are 0."""
    mode = np.arange(1, modes + 1)
    eigenvalue = np.where(mode > modes - zeros, 0.0, 100.0 * mode**-1.5)
    power = np.full(modes, 1 / modes)
    table = {"mode": mode, "eigenvalue": eigenvalue, "target_power": power, "cumulative_power": mode / modes}
    return pd.concat([pd.DataFrame({"kernel": kernel} | table) for kernel in kernels], ignore_index=True)


def learning_curve(kernels: Sequence[str] = BOTH, measured: bool = True, se: float = 0.05) -> pd.DataFrame:
    """Of 50 to 800 rows, measured up to 200."""
    rows = np.array([50, 100, 200, 400, 800])
    mse = 10.0 * rows**-0.5
    known = np.where((rows <= 200) & measured, mse * 1.1, math.nan)
    table = {"rows": rows, "predicted_mse": mse, "measured_mse": known, "measured_se": se * known}
    return pd.concat([pd.DataFrame({"kernel": kernel} | table) for kernel in kernels], ignore_index=True)


def time_course(
    kernels: Sequence[str] = BOTH,
    times: Sequence[float] = TIMES,
    *,
    test: bool = True,
    leave_one_out: bool = True,
    rate: float = 1.0,
) -> pd.DataFrame:
    """An exponential decay, with a leave-one-out error that is least at time 10."""
    time = np.array(times)
    done = 1 - np.exp(-rate * time)
    error = 1 + np.abs(np.clip(np.log10(np.maximum(time, 1e-3)), -3, 5) - 1)
    table = {
        "time": time,
        "train_loss": np.exp(-2 * rate * time),
        "test_rmse": error + 0.1 if test else math.nan,
        "weight_distance": 3 * done,
        "weight_distance_rms": 4 * done,
        "function_change": done,
        "loo_rmse": error if leave_one_out else math.nan,
    }
    return pd.concat([pd.DataFrame({"kernel": kernel} | table) for kernel in kernels], ignore_index=True)


def slope(value: float | None = -0.5) -> SlopeCells:
    bounds = (None, None) if value is None else (value - 0.125, value + 0.125)
    return {"value": value, "lower": bounds[0], "upper": bounds[1], "theory": -0.5}


def _networks(widths: Sequence[int], seeds: int) -> pd.DataFrame:
    """A row per network; its factor differs from seed to seed alike at every width."""
    pairs = [(width, seed, 1 + 0.2 * seed / seeds) for width in widths for seed in range(seeds)]
    return pd.DataFrame(pairs, columns=["width", "seed", "factor"])


def kernel_errors(
    kernels: Sequence[str] = ("nngp", "ntk"), widths: Sequence[int] = (64, 256), seeds: int = 3
) -> pd.DataFrame:
    """Exactly width^-1/2 at every seed."""
    table = _networks(widths, seeds)
    table["relative_error"] = table["factor"] * table["width"] ** -0.5
    return pd.concat([table.assign(kernel=kernel) for kernel in kernels], ignore_index=True)


def training(
    widths: Sequence[int] = (64, 256), seeds: int = 3, times: Sequence[float] = (0.0, 1.0, 10.0)
) -> pd.DataFrame:
    tables = []
    for time in times:
        table = _networks(widths, seeds)
        small = table["factor"] * table["width"] ** -0.5 * (1 - math.exp(-time))
        columns = ("weight_change", "kernel_change", "gap_to_linearised")
        table = table.assign(time=time, **dict.fromkeys(columns, small), closed_form_loss=math.exp(-time))
        tables.append(table.assign(train_loss=table["factor"] * math.exp(-time)))
    return pd.concat(tables, ignore_index=True)


def predictions(
    widths: Sequence[int] = (64, 256), rows: int = 20, times: Sequence[float] = (1.0, 10.0), seeds: int = 3
) -> pd.DataFrame:
    """Two outputs, in rows whose closed-form means do not ascend."""
    row = np.arange(rows)
    mean = np.sin(1.0 + row)
    tables = [
        pd.DataFrame({"width": width, "time": time, "row": row, "output": output, "closed_form_mean": mean})
        for width in widths
        for time in times
        for output in ("strength", "slump")
    ]
    table = pd.concat(tables, ignore_index=True)
    table["closed_form_std"] = 0.5 + 0.1 * table["closed_form_mean"] ** 2
    table["std"] = table["closed_form_std"] * 1.1 if seeds > 1 else math.nan
    return table.assign(mean=table["closed_form_mean"] + 1 / table["width"])

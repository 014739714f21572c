"""xRFM, the recursive feature machine: a kernel whose metric is learned (Beaglehole et al. 2025)."""

import time
from typing import Any

import numpy as np
import torch
from results_score import Score
from rivals.encoding import FloatArray, numbers, targets
from rivals.errors import rms
from rivals.search import Rows, Settings
from sets.split import Split
from sklearn.metrics import log_loss
from xrfm import xRFM

DRAWS = 10
HELD_OUT = 0.2


def feature_machine(split: Split) -> Score:
    """The best of random settings on a held out fifth, which stops each early as well; it stays held out."""
    start = time.perf_counter()
    random = np.random.default_rng(split.seed)
    (x, x_test), (y, y_test) = numbers(split), _coded_targets(split)
    order = random.permutation(len(x))
    n_held_out = round(HELD_OUT * len(x))
    fitted, held_out = order[n_held_out:], order[:n_held_out]
    best: tuple[float, Any] = (np.inf, None)
    for _ in range(DRAWS):
        model = _fitted(split, _draw(random), x, y, fitted, held_out)
        best = min(best, (_error(model, x[held_out], y[held_out]), model), key=lambda found: found[0])
    return Score(_error(best[1], x_test, y_test) * _unit(split), seconds=time.perf_counter() - start)


def _draw(random: np.random.Generator) -> Settings:
    return {
        "kernel": str(random.choice(["l2", "l1"])),
        "bandwidth": 10 ** random.uniform(0, 2),
        "exponent": random.uniform(0.7, 1.4),
        "diag": bool(random.integers(2)),
        "reg": 10 ** random.uniform(-6, 1),
    }


def _fitted(split: Split, settings: Settings, x: FloatArray, y: Any, fitted: Rows, held_out: Rows) -> xRFM:
    names = ("kernel", "bandwidth", "exponent", "diag")
    model = {name: settings[name] for name in names} | {"bandwidth_mode": "constant"}
    fit = {"reg": settings["reg"], "iters": 5, "verbose": False, "early_stop_rfm": True}
    machine = xRFM(
        rfm_params={"model": model, "fit": fit},
        device=torch.device("cpu"),
        tuning_metric="logloss" if split.chosen.classes else "mse",
        random_state=split.seed,
        verbose=False,
    )
    x = x.astype(np.float32)
    return machine.fit(x[fitted], y[fitted], x[held_out], y[held_out])


def _coded_targets(split: Split) -> tuple[Any, Any]:
    """Classes as whole numbers, or standardised targets."""
    y, y_test = targets(split)
    if split.chosen.classes:
        classes = np.unique(y)
        return np.searchsorted(classes, y), np.searchsorted(classes, y_test)
    return tuple(((found - y.mean()) / y.std()).astype(np.float32) for found in (y, y_test))


def _unit(split: Split) -> float:
    """Of the coded targets, in the target's own."""
    return 1.0 if split.chosen.classes else float(targets(split)[0].std())


def _error(model: xRFM, x: FloatArray, y: Any) -> float:
    x = x.astype(np.float32)
    if np.issubdtype(y.dtype, np.integer):
        found = model.predict_proba(x).astype(float)
        return float(log_loss(y, found / found.sum(axis=1, keepdims=True), labels=np.arange(found.shape[1])))
    return rms(y - model.predict(x).ravel())

"""Errors of predictions on the test rows."""

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.metrics import log_loss


def rms(errors: npt.NDArray[np.float64]) -> float:
    """Root mean square."""
    return float(np.sqrt(np.mean(errors**2)))


def error(model: Any, x: Any, y: npt.NDArray[Any]) -> float:
    """Log loss of a model that has probabilities, root mean square error of another."""
    if hasattr(model, "predict_proba"):
        return float(log_loss(y, model.predict_proba(x), labels=model.classes_))
    return rms(y - model.predict(x))

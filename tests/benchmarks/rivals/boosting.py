"""Gradient boosting of scikit-learn, which has gaps and categories by itself."""

import time
from typing import Any

import numpy as np
from results_score import Score
from rivals.encoding import tables, targets
from rivals.errors import error
from rivals.search import Rows, Settings, best_settings
from sets.split import Split
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor


def boosting(split: Split) -> Score:
    """With all its defaults."""
    return _score(split, {}, time.perf_counter())


def tuned_boosting(split: Split) -> Score:
    """With the best of random settings."""
    start = time.perf_counter()
    (x, _), (y, _) = tables(split), targets(split)

    def held_out_error(settings: Settings, fitted: Rows, held_out: Rows) -> float:
        model = _model(split, settings).fit(x.iloc[fitted], y[fitted])
        return error(model, x.iloc[held_out], y[held_out])

    return _score(split, best_settings(split, _draw, held_out_error), start)


def _draw(random: np.random.Generator) -> Settings:
    return {
        "learning_rate": 10 ** random.uniform(-1.7, -0.5),
        "max_iter": int(10 ** random.uniform(1.7, 2.7)),
        "max_leaf_nodes": int(2 ** random.uniform(2, 6)),
        "min_samples_leaf": int(10 ** random.uniform(0.3, 1.7)),
        "l2_regularization": 10 ** random.uniform(-6, 1),
        "max_features": random.uniform(0.3, 1),
    }


def _model(split: Split, settings: Settings) -> Any:
    kind = HistGradientBoostingClassifier if split.chosen.classes else HistGradientBoostingRegressor
    return kind(random_state=split.seed, **settings)


def _score(split: Split, settings: Settings, start: float) -> Score:
    (x, x_test), (y, y_test) = tables(split), targets(split)
    model = _model(split, settings).fit(x, y)
    return Score(error(model, x_test, y_test), seconds=time.perf_counter() - start)

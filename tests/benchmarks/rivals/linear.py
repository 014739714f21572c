"""Ridge regression, and logistic regression of classes, with the penalty by cross-validation."""

import time

import numpy as np
from results_score import Score
from rivals.encoding import numbers, targets
from rivals.errors import error
from sets.split import Split
from sklearn.linear_model import LogisticRegressionCV, RidgeCV

PENALTIES = np.logspace(-4, 4, 17)


def linear(split: Split) -> Score:
    """RidgeCV by leave-one-out; LogisticRegressionCV by five folds' log loss."""
    start = time.perf_counter()
    (x, x_test), (y, y_test) = numbers(split), targets(split)
    if split.chosen.classes:
        model = LogisticRegressionCV(
            Cs=1 / PENALTIES[::2],
            l1_ratios=(0,),
            scoring="neg_log_loss",
            max_iter=1000,
            use_legacy_attributes=False,
        )
    else:
        model = RidgeCV(PENALTIES)
    model.fit(x, y)
    return Score(error(model, x_test, y_test), seconds=time.perf_counter() - start)

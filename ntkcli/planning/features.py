"""The memory of a model by features while it predicts."""

from collections.abc import Sequence

from ntkcli.planning.sizes import Sizes
from ntkcli.regression.fitted_stage import KeptStage
from ntkcli.regression.predict import strip_rows
from ntkcli.regression.question import Question

# Arrays of a strip's size: kernels, features and what the flow makes of them; for variances, twice as many.
MEAN_ARRAYS, VARIANCE_ARRAYS = 3, 6


def features_bytes(kept: Sequence[KeptStage], sizes: Sizes, question: Question) -> int:
    """Bytes of the maps of some stages, which are all in memory, and of a strip of rows.

    Args:
        kept: the stages.
        sizes: of a job whose training rows are the centres.
        question: that is answered.
    """
    maps = strip = 0
    for one in kept:
        grams, features = one.stage.matrices(question), one.features or 0
        numbers = len(grams) * sizes.n * features
        # The prior, of an ensemble's variance.
        numbers += features**2 if len(grams) > 1 else 0
        maps += numbers
        arrays = VARIANCE_ARRAYS if question.has_uncertainty else MEAN_ARRAYS
        rows = min(sizes.m, strip_rows(question, one.stage, max(1, features), sizes.m))
        strip = max(strip, arrays * rows * sizes.n)
    return 8 * (maps + strip)

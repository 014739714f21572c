"""Training rows predicted by a fit of other training rows."""

from dataclasses import replace

from ntkcli.arrays import FloatArray, IntArray
from ntkcli.inference.leave_one_out import LeaveOneOut
from ntkcli.kernels.evaluator import Evaluator
from ntkcli.regression.fitted_model import FittedModel
from ntkcli.regression.question import Pair, Question
from ntkcli.regression.stages import Stage, ways


def hold_out(
    evaluator: Evaluator,
    x: FloatArray,
    y: FloatArray,
    question: Question,
    rows: tuple[IntArray, IntArray],
    weights: FloatArray | None = None,
) -> dict[Pair, LeaveOneOut]:
    """Predict some training rows by a fit of others, for every kernel and time.

    Args:
        evaluator: computes kernels of the network, whose tables reach to all rows.
        x: (n, d) training rows.
        y: (n, k) training targets.
        question: of the fit of all rows.
        rows: indices of the rows that are fitted, (r,), and of those that are held out, (s,).
        weights: of the training rows, (n,); None for 1.

    Returns:
        Residuals (s, k), and variances (s,): of a noisy observation for posteriors, and over the networks for
        ensembles, as of rows left out.

    Raises:
        SingularMatrixError: a Gram matrix that has to be inverted is singular to rounding.
    """
    fitted, held_out = rows
    asked = smaller_question(question, len(fitted) / len(x))
    own, others = (None, None) if weights is None else (weights[fitted], weights[held_out])
    model = FittedModel.fit(
        evaluator.network,
        x[fitted],
        y[fitted],
        asked,
        smaller_stages(asked),
        weights=own,
        executor=evaluator.executor,
    )
    return {answer.pair: answer.unseen(y[held_out], others) for answer in model.predict(x[held_out])}


def smaller_question(question: Question, share: float) -> Question:
    """What is asked of a fit of a share of the rows."""
    # Eigenvalues grow with the rows: as much is learned of fewer at a rate that is higher.
    rate = question.rate / share
    return replace(question, rate=rate, uncertainty="variance", refine=False, leave_one_out=(), draws=0)


def smaller_stages(question: Question) -> list[Stage]:
    """How the smaller fit is solved: few rows are soon decomposed, and that does not fail to converge."""
    return next(ways(question, "eigh" if question.has_finite_times else "cholesky"))

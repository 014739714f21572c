"""Templates: the sections of a draft that do not depend on its table, for what one may want to do."""

from collections.abc import Iterator
from typing import Literal, get_args

from ntkcli.drafts.commented_text import Line
from ntkcli.drafts.draft import Draft
from ntkcli.drafts.target import Task

Template = Literal["regression", "classification", "time-course", "tune", "large", "neural-tangents"]
TEMPLATES: tuple[Template, ...] = get_args(Template)
# Rows from which on an approximation is worth it.
MANY_ROWS = 20_000
# Rows from which on the std of as many new rows takes half a minute or more.
SLOW_STD_ROWS = 5_000
# Centres that take some seconds, for a first look.
FIRST_CENTRES = 1000

NETWORK = [
    Line("network:", "ntk activations has all activations"),
    Line("  depth: 3", "weight layers: two hidden ones and the readout"),
    Line("  activation: relu"),
]
STAX = [
    Line("network:", "stax.serial(Dense(1, W_std=1.5, b_std=0.1), Relu(), Dense(1, W_std=1.5, b_std=0.1))"),
    Line("  depth: 2", "so many Dense"),
    Line("  activation: relu", "Relu(); or a list, one for each hidden layer"),
    Line("  sigma_w: 1.5", "W_std"),
    Line("  sigma_b: 0.1", "b_std"),
    Line("  parameterization: ntk", "parameterization='ntk'"),
]
NT_INFERENCE = [
    Line("inference:", "nt.predict.gradient_descent_mse_ensemble(kernel_fn, x_train, y_train, ...)"),
    Line("  kernel: [ntk, nngp]", "get=('ntk', 'nngp')"),
    Line("  time: inf", "t=None"),
    Line("  learning_rate: 1.0", "learning_rate=1.0"),
    Line("  loss: mean", "as neural-tangents has it; of finite times"),
    Line("  ridge: 1e-3", "diag_reg=1e-3; auto finds one"),
    Line("  ridge_scale: trace", "diag_reg_absolute_scale=False"),
]
TUNE = [
    Line("tune:", "searched by ntk tune, each row predicted from others; docs/tuning.md"),
    Line("  space:"),
    Line("    data.relevance: [equal, learned]"),
    Line("    network.activation: [relu, erf]"),
    Line("    network.depth: [2, 3, 5]"),
    Line("    inference.kernel: [nngp, ntkgp]", "ridges come with each network"),
]


def task_of(template: Template | None) -> Task | None:
    """Return what a template does with the target; None for what suits it."""
    return template if template in ("regression", "classification") else None


def model_lines(draft: Draft, template: Template | None) -> Iterator[Line]:
    """Yield the sections behind that of the data.

    Args:
        draft: what the table holds.
        template: what one wants to do; None for what suits the target.
    """
    if template == "neural-tangents":
        yield from STAX
        yield from NT_INFERENCE
        yield Line("output:")
        yield Line("  std: true", "the root of the diagonal of compute_cov=True")
        return
    yield from NETWORK
    yield from _inference_lines(draft, template)
    yield from _output_lines(draft, template)
    yield from _tune_lines(draft, template)


def _inference_lines(draft: Draft, template: Template | None) -> Iterator[Line]:
    is_large = template == "large" or draft.rows > MANY_ROWS
    yield Line("inference:")
    if template == "time-course":
        yield Line("  kernel: ntk", "what training does, at any time")
        yield Line(
            "  time: [0.001, 0.01, 0.1, 1, 10, inf]", "predictions.csv has rows for each, metrics.json scores"
        )
    else:
        kernel = "nngp" if is_large else "ntk"
        yield Line(f"  kernel: {kernel}", "ntk: trained networks; nngp: a Bayesian one; ntkgp; or a list")
        yield Line("  time: inf", "of training: a number stops early; or a list")
    yield Line("  ridge: auto", "the noise, found by rows that are left out; or a number")
    if is_large:
        centres = FIRST_CENTRES if draft.rows > MANY_ROWS else "auto"
        line = f"  approximation: {{method: nystrom, centres: {centres}}}"
        yield Line(line, f"{draft.rows:,} rows: some stand for all; auto takes minutes; none is exact")


def _output_lines(draft: Draft, template: Template | None) -> Iterator[Line]:
    yield Line("output:", "in runs/NAME beside NAME.yaml, or give ntk fit --out")
    yield Line("  interval: 0.95", "the share of new observations between lower and upper")
    yield Line(
        "  factor: true", "ntk predict then factors nothing anew for std, and the model takes more disk"
    ).off
    if SLOW_STD_ROWS <= draft.rows <= MANY_ROWS and template not in ("large", "time-course"):
        what = "a std takes time as the rows squared, less with nngp; ntk predict --no-std"
        yield Line("  std: false", what).off
    if template == "time-course":
        line = "ntk spectrum on this file writes the errors at any time to time_course.csv"
        yield Line("  std: true", line)


def _tune_lines(draft: Draft, template: Template | None) -> Iterator[Line]:
    objective = "log_loss" if draft.target.task == "classification" else "loo_rmse"
    lines = [TUNE[0], Line(f"  objective: {objective}", "made small"), *TUNE[1:]]
    if template == "tune":
        yield from lines
    elif template != "time-course":
        yield from (Line(f"# {line.text}", line.comment) for line in lines)

"""The declaration of `ntk evaluate`."""

from pathlib import Path

import click

from ntkcli.terminal.messages import Messages, with_messages
from ntkcli.terminal.options import JSON, KERNEL, RUN, STD, TABLE, TIME
from ntkcli.terminal.output import print_report


@click.command()
@RUN
@TABLE
@JSON
@click.option("--importance", is_flag=True, help="Tell how much each feature is worth, too.")
@KERNEL
@TIME
@STD
@with_messages
def evaluate(
    run: Path,
    table: Path,
    as_json: bool,
    importance: bool,
    kernel: tuple[str, ...],
    time: tuple[float, ...],
    std: bool | None,
    messages: Messages,
) -> None:
    """Judge a fitted model on the rows of TABLE.

    \b
    Examples:
      ntk evaluate runs/houses sold.csv
      ntk evaluate runs/houses sold.csv --importance
      ntk evaluate runs/houses sold.csv --kernel ntk --json

    RUN is a run directory of `ntk fit`, and TABLE has the targets. `-` is standard input. With --importance,
    the first of the kernels and times predicts again, with the values of one feature after another shuffled
    among the rows (at most 10,000): how much the rmse, or the log loss of classes, increases.
    """
    from ntkcli.commands.evaluate import evaluate as run_evaluate
    from ntkcli.models.choice import Choice

    report = run_evaluate(
        run,
        table,
        choice=Choice(kernel, time, std),
        importance=importance,
        journal=messages.journal(),
    )
    print_report(report, as_json=as_json)

"""The declaration of `ntk predict`."""

from pathlib import Path

import click

from ntkcli.terminal.display import whole_output
from ntkcli.terminal.messages import Messages, with_messages
from ntkcli.terminal.options import KERNEL, PATH, RUN, STD, TABLE, TIME


@click.command()
@RUN
@TABLE
@click.option("--out", metavar="FILE", type=PATH, help="File to write (.gz, .parquet too); default: stdout.")
@click.option("--overwrite", is_flag=True, help="Replace a file that is already there.")
@KERNEL
@TIME
@STD
@with_messages
def predict(
    run: Path,
    table: Path,
    out: Path | None,
    overwrite: bool,
    kernel: tuple[str, ...],
    time: tuple[float, ...],
    std: bool | None,
    messages: Messages,
) -> None:
    """Predict the rows of TABLE with a fitted model.

    \b
    Examples:
      ntk predict runs/houses new.csv --out predictions.csv
      ntk predict runs/houses new.csv --kernel ntk --no-std

    RUN is a run directory of `ntk fit`. Writes the columns of predictions.csv, some rows at a time: CSV can
    be of any length, and `-` is standard input. What the model was not fitted with, such as another ridge,
    needs a new fit.
    """
    from ntkcli.commands.predict import predict as run_predict
    from ntkcli.models.choice import Choice

    choice = Choice(kernel, time, std)
    with whole_output():
        run_predict(run, table, out=out, overwrite=overwrite, choice=choice, journal=messages.journal())

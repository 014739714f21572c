"""The declaration of `ntk fit`."""

from typing import TYPE_CHECKING

import click

from ntkcli.terminal.display import Stream
from ntkcli.terminal.options import OVERWRITE, QUIET, on_spec
from ntkcli.terminal.output import journal

if TYPE_CHECKING:
    from ntkcli.commands.request import Request


@click.command()
@on_spec(with_cluster=True)
@OVERWRITE
@QUIET
def fit(request: "Request", overwrite: bool, quiet: bool) -> None:
    """Fit SPEC and predict its test rows.

    The run directory gets predictions.csv, metrics.json, model/, spec.yaml, run.json, and the matrices
    asked for.
    """
    from ntkcli.commands.fit import fit as run_fit
    from ntkcli.results.shown import score_table

    report = run_fit(request, overwrite=overwrite, journal=journal(quiet=quiet))
    if not quiet:
        Stream("stdout").write(f"{score_table(report.metrics)}\nwrote {report.place}\n")

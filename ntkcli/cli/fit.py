"""The declaration of `ntk fit`."""

from typing import TYPE_CHECKING

import click

from ntkcli.terminal.options import JSON, OVERWRITE, QUIET, on_spec
from ntkcli.terminal.output import journal, print_report_of_run

if TYPE_CHECKING:
    from ntkcli.commands.request import Request


@click.command()
@on_spec(with_cluster=True)
@OVERWRITE
@JSON
@QUIET
def fit(request: "Request", overwrite: bool, as_json: bool, quiet: bool) -> None:
    """Fit SPEC and predict its test rows.

    The run directory gets predictions.csv, metrics.json, model/, spec.yaml, run.json, and the matrices
    asked for.
    """
    from ntkcli.commands.fit import fit as run_fit

    report = run_fit(request, overwrite=overwrite, journal=journal(quiet=quiet))
    print_report_of_run(report, as_json=as_json, quiet=quiet)

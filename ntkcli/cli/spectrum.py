"""The declaration of `ntk spectrum`."""

from typing import TYPE_CHECKING

import click

from ntkcli.terminal.messages import Messages, with_messages
from ntkcli.terminal.options import JSON, OVERWRITE, PLOT, on_spec

if TYPE_CHECKING:
    from ntkcli.commands.request import Request


@click.command()
@on_spec(with_wait=True, with_depfile=True)
@click.option("--rows", metavar="N", type=int, help="Take so many training rows at random, not all.")
@click.option("--measured", is_flag=True, help="Fit subsets of the rows, to check the learning curve.")
@PLOT
@OVERWRITE
@JSON
@with_messages
def spectrum(
    request: "Request",
    rows: int | None,
    measured: bool,
    plot: bool,
    overwrite: bool,
    as_json: bool,
    messages: Messages,
) -> None:
    """Tell what the Gram matrices of SPEC say.

    \b
    Examples:
      ntk spectrum houses.yaml
      ntk spectrum houses.yaml --rows 20 --measured --plot --out runs/sample

    What lies along which eigenvalue, what training has come to at any time, what more or fewer rows would
    come to, what ridges do. The directory, output.dir with `-spectrum` behind it, gets spectrum.csv,
    time_course.csv, learning_curve.csv, degrees_of_freedom.csv and summary.json.
    """
    from ntkcli.commands.spectrum import spectrum as run_spectrum

    report = run_spectrum(
        request,
        rows=rows,
        measured=measured,
        plot=plot,
        overwrite=overwrite,
        journal=messages.journal(),
    )
    messages.report(report, as_json=as_json)

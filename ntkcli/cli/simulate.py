"""The declaration of `ntk simulate`."""

from typing import TYPE_CHECKING

import click

from ntkcli.terminal.messages import Messages, with_messages
from ntkcli.terminal.options import JSON, OVERWRITE, PLOT, check_goes_on, on_spec

if TYPE_CHECKING:
    from ntkcli.commands.request import Request


@click.command()
@on_spec(with_wait=True, with_cluster=True, with_depfile=True, with_resume=True)
@OVERWRITE
@click.option("--linearised", is_flag=True, help="Train the linearised networks alone.")
@click.option("--samples", is_flag=True, help="Write every seed's predictions too.")
@PLOT
@JSON
@with_messages
def simulate(
    request: "Request",
    overwrite: bool,
    linearised: bool,
    samples: bool,
    plot: bool,
    as_json: bool,
    messages: Messages,
) -> None:
    """Draw and train finite networks beside the closed form.

    \b
    Examples:
      ntk simulate houses.yaml --set 'simulate.widths=[16, 64]' --plot
      ntk simulate houses.yaml --set simulate.seeds=2 --set simulate.largest_trained=16 --out runs/kernels

    Of several widths and seeds: how far their kernels are from the exact ones, and how far they go from
    the closed form and from their weights at the start. The directory, output.dir with `-simulation` behind
    it, gets kernels.csv, training.csv, layers.csv, predictions.csv and summary.json. A simulation that was
    interrupted goes on. SPEC may have a `simulate` section.
    """
    from ntkcli.commands.simulate import simulate as run_simulate

    check_goes_on(request, overwrite=overwrite)
    report = run_simulate(
        request,
        overwrite=overwrite,
        linearised=linearised,
        samples=samples,
        plot=plot,
        journal=messages.journal(),
    )
    messages.report(report, as_json=as_json)

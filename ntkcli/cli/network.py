"""The declaration of `ntk network`."""

from typing import TYPE_CHECKING

import click

from ntkcli.terminal.messages import Messages
from ntkcli.terminal.options import JSON, on_spec
from ntkcli.terminal.output import print_report

if TYPE_CHECKING:
    from ntkcli.commands.request import Request


@click.command()
@on_spec(with_place=False)
@JSON
def network(request: "Request", as_json: bool) -> None:
    """Show how signals travel through SPEC's layers.

    \b
    Examples:
      ntk network houses.yaml
      ntk network houses.yaml --set network.depth=20 --set network.sigma_w=critical

    \b
    q            median variance K(x, x) of the training rows, with the least and the largest
    chi_1        slope of the next layer's kernel at equal rows: below 1 rows grow alike in depth,
                 above 1 they are driven apart; with `sigma_w: critical` it tends to 1
    correlation  median of the pairs of rows
    """
    from ntkcli.commands.network import network as run_network

    print_report(run_network(request, journal=Messages().journal()), as_json=as_json)

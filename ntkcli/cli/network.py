"""The declaration of `ntk network`."""

from typing import TYPE_CHECKING

import click

from ntkcli.terminal.display import aligned_left
from ntkcli.terminal.options import on_spec
from ntkcli.terminal.output import journal, print_result

if TYPE_CHECKING:
    from ntkcli.commands.request import Request


@click.command()
@on_spec(with_place=False)
def network(request: "Request") -> None:
    """Show how signals travel through SPEC's network, layer by layer.

    \b
    q            median variance K(x, x) of the training rows, with the least and the largest
    chi_1        slope of the next layer's kernel at equal rows: below 1 rows grow alike in depth,
                 above 1 they are driven apart; with `sigma_w: critical` it tends to 1
    correlation  median of the pairs of rows
    """
    from ntkcli.commands.network import network as run_network

    table = run_network(request, journal=journal())
    print_result(aligned_left(table))

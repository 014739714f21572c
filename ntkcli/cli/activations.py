"""The declaration of `ntk activations`."""

import click

from ntkcli.terminal.display import aligned_left
from ntkcli.terminal.output import print_result


@click.command()
def activations() -> None:
    """List the activations that a spec can name."""
    from ntkcli.commands.activations import activations as run_activations

    print_result(aligned_left(run_activations()))

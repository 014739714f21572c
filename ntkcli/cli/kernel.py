"""The declaration of `ntk kernel`."""

from typing import TYPE_CHECKING

import click

from ntkcli.terminal.messages import Messages, with_messages
from ntkcli.terminal.options import JSON, OVERWRITE, on_spec

if TYPE_CHECKING:
    from ntkcli.commands.request import Request


@click.command()
@on_spec(with_wait=True, with_cluster=True, with_depfile=True, with_resume=True)
@OVERWRITE
@JSON
@with_messages
def kernel(request: "Request", overwrite: bool, as_json: bool, messages: Messages) -> None:
    """Write the Gram matrices of SPEC, and nothing else.

    \b
    Examples:
      ntk kernel houses.yaml --out runs/matrices
      ntk kernel houses.yaml --set output.kernels=nngp_train_train --out runs/nngp

    Which ones: output.kernels, or else those that the predictions would be made from.
    """
    from ntkcli.commands.kernel import kernel as run_kernel

    report = run_kernel(request, overwrite=overwrite, journal=messages.journal())
    messages.report(report, as_json=as_json)

"""The declaration of `ntk kernel`."""

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
def kernel(request: "Request", overwrite: bool, quiet: bool) -> None:
    """Write the Gram matrices of SPEC, and nothing else.

    Which ones: output.kernels, or else those that the predictions would be made from.
    """
    from ntkcli.commands.kernel import kernel as run_kernel

    report = run_kernel(request, overwrite=overwrite, journal=journal(quiet=quiet))
    if not quiet:
        for name in report.names:
            Stream("stdout").write(f"wrote {report.place / 'kernels' / name}.npy\n")

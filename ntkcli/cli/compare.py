"""The declaration of `ntk compare`."""

from pathlib import Path

import click

from ntkcli.terminal.options import JSON, KERNEL, PATH, TIME
from ntkcli.terminal.output import print_report


@click.command()
@click.argument("first", metavar="RUN", type=PATH)
@click.argument("others", metavar="RUN...", type=PATH, nargs=-1, required=True)
@KERNEL
@TIME
@JSON
def compare(
    first: Path, others: tuple[Path, ...], kernel: tuple[str, ...], time: tuple[float, ...], as_json: bool
) -> None:
    """Compare what runs predict, row by row.

    \b
    Examples:
      ntk fit houses.yaml --set network.depth=4 --out runs/deeper
      ntk compare runs/houses runs/deeper
      ntk compare runs/houses runs/deeper --kernel ntk

    Each RUN is a directory of `ntk fit` or `ntk tune` whose test data has the targets, and takes part with
    its best kernel and time. Compared are the rows that all have: scores, and by how much they differ from
    those of the first RUN, with the standard error of the difference. `ratio` is one over the other: beyond
    2 or so, it is hardly chance.
    """
    from ntkcli.commands.compare import compare as run_compare

    print_report(run_compare([first, *others], kernels=kernel, times=time), as_json=as_json)

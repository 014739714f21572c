"""The declaration of `ntk init`."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ntkcli.terminal.display import whole_output
from ntkcli.terminal.options import PATH, TABLE
from ntkcli.terminal.output import print_result

if TYPE_CHECKING:
    from ntkcli.drafts.templates import Template


@click.command()
@TABLE
@click.argument("target", required=False)
@click.option(
    "--template",
    type=click.Choice(["regression", "classification", "time-course", "tune", "large", "neural-tangents"]),
    help="What the spec is for; default: what suits the target.",
)
@click.option("--test", metavar="FILE", type=PATH, help="File to predict; default: a fifth of the rows.")
@click.option(
    "--out", metavar="FILE", type=PATH, help="Spec to write, `-` is stdout; default: NAME.yaml here."
)
@click.option("--overwrite", is_flag=True, help="Replace a file that is already there.")
def init(
    table: Path,
    target: str | None,
    template: "Template | None",
    test: Path | None,
    out: Path | None,
    overwrite: bool,
) -> None:
    """Write a spec for TABLE, to be read, corrected and fitted.

    \b
    Examples:
      ntk init houses.csv price
      ntk init houses.csv price --test new.csv --overwrite
      ntk init houses.csv price --template tune --out tune.yaml

    TABLE is a file with a line of names: CSV, compressed or not, Parquet or Feather. The spec says of every
    column what it seems to be, and why. TARGET is the column to predict; without it, it is
    guessed, or asked for where that is no more than a guess.
    """
    from ntkcli.commands.init import init as run_init

    with whole_output():
        report = run_init(
            table,
            target=target,
            template=template,
            test=test,
            out=out,
            overwrite=overwrite,
            ask=_ask_target if sys.stdin and sys.stdin.isatty() else None,
        )
        if report.place:
            following = f"ntk check {report.place}, ntk {report.command} {report.place}"
            print_result(f"wrote {report.place}: {report.text}: next: {following}")


def _ask_target(guess: str, names: Sequence[str]) -> str:
    """Ask which of some columns is the target."""
    choice = click.Choice(names)
    try:
        answer: str = click.prompt(
            "target", default=guess, type=choice, show_choices=len(names) < 20, err=True
        )
    except click.Abort as error:
        click.echo(err=True)
        raise click.UsageError("no target: name it behind the table") from error
    return answer

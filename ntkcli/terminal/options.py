"""Arguments that several commands take."""

import os
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from ntkcli.cluster import WAIT_SECONDS


class PathType(click.Path):
    """A path of the command line; an empty one, as of a variable that is not set, would be the folder `.`."""

    def convert(
        self, value: "str | os.PathLike[str]", param: click.Parameter | None, ctx: click.Context | None
    ) -> Any:
        if not os.fspath(value):
            self.fail("is empty: give a path", param, ctx)
        return super().convert(value, param, ctx)


PATH = PathType(path_type=Path)
RUN = click.argument("run", type=PATH)
TABLE = click.argument("table", metavar="TABLE", type=PATH)
KERNEL = click.option("--kernel", metavar="K", multiple=True, help="Only this kernel; may be repeated.")
TIME = click.option("--time", metavar="T", multiple=True, type=float, help="Only this time; may be repeated.")
STD = click.option(
    "--std/--no-std", default=None, help="With or without standard deviations; default: as fitted."
)
OVERWRITE = click.option("--overwrite", is_flag=True, help="Replace a run directory that is already there.")
PLOT = click.option("--plot", is_flag=True, help="Draw pictures too (pip install 'ntkcli[report]').")
JSON = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object instead of text (docs/command_line.md)."
)
QUIET = click.option("--quiet", "-q", is_flag=True, help="Print nothing unless it fails.")

_SPEC = click.argument("spec", type=PATH)
_SET = click.option(
    "--set",
    "settings",
    metavar="KEY=VALUE",
    multiple=True,
    help="Set a key of the spec, such as network.depth=4; may be repeated.",
)
_OUT = click.option("--out", metavar="DIR", type=PATH, help="Run directory, instead of output.dir.")
_SCHEDULER = click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Dask scheduler, instead of compute.scheduler: tcp://host:8786, its file, or local.",
)
_WAIT = click.option(
    "--wait",
    metavar="S",
    type=click.FloatRange(min=0),
    default=WAIT_SECONDS,
    show_default=True,
    help="Seconds that a cluster may have no worker.",
)


def on_spec(
    *, with_place: bool = True, with_cluster: bool = False
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Declare the arguments of a command that works on a spec, and hand them to it as one Request.

    Args:
        with_place: whether the command has a run directory.
        with_cluster: whether it can run on a cluster.
    """
    options = [_SPEC, _SET]
    options += [_OUT] if with_place else []
    options += [_SCHEDULER, _WAIT] if with_cluster else []

    def declared(command: Callable[..., None]) -> Callable[..., None]:
        @wraps(command)
        def requested(
            spec: Path,
            settings: tuple[str, ...],
            out: Path | None = None,
            scheduler: str | None = None,
            wait: float = WAIT_SECONDS,
            **others: Any,
        ) -> None:
            from ntkcli.commands.request import Request
            from ntkcli.spec.setting import Setting

            chosen = tuple(map(Setting, settings))
            command(Request(spec, chosen, out, scheduler, wait), **others)

        for option in reversed(options):
            requested = option(requested)
        return requested

    return declared

"""A group of commands, each in a file of a folder."""

from collections.abc import Iterable
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import click

from ntkcli.terminal.display import whole_output


class FoundCommands(click.Group):
    """The commands of a package, whose module NAME declares the command NAME, and is loaded with it.

    Args:
        package: that has the modules.
        folders: where its files are.
        options: of click.Group.
    """

    def __init__(self, *, package: str, folders: Iterable[str], **options: Any) -> None:
        super().__init__(**options)
        self._package = package
        self._folders = list(folders)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take options such as --help, whose reader may be gone: Click would make a failure of that."""
        with whole_output():
            return super().parse_args(ctx, args)
        raise click.exceptions.Exit

    def invoke(self, ctx: click.Context) -> Any:
        """Carry out a command, or show its help."""
        with whole_output():
            return super().invoke(ctx)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands."""
        return sorted(module.name for module in iter_modules(self._folders))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of a name, or None where there is none."""
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = getattr(import_module(f"{self._package}.{cmd_name}"), cmd_name)
        return command

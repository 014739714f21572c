"""The declaration of `ntk schema`."""

import click

from ntkcli.terminal.output import print_result


@click.command()
def schema() -> None:
    """Print the JSON schema of specs, with which editors complete, explain and check them.

    `ntk schema > ntk.schema.json`, and in the first line of a spec beside that file:
    `# yaml-language-server: $schema=ntk.schema.json`.
    """
    from ntkcli.commands.schema import schema as run_schema

    print_result(run_schema())

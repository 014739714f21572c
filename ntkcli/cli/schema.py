"""The declaration of `ntk schema`."""

import click

from ntkcli.terminal.output import print_result


@click.command()
def schema() -> None:
    """Print the JSON schema of specs, for editors.

    \b
    Examples:
      ntk schema > ntk.schema.json

    Editors complete, explain and check a spec beside that file whose first line is
    `# yaml-language-server: $schema=ntk.schema.json`. A draft of `ntk init` there has it.
    """
    from ntkcli.commands.schema import schema as run_schema

    print_result(run_schema())

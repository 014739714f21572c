"""The declaration of `ntk completion`."""

import click

from ntkcli.terminal.completion import SHELLS, script
from ntkcli.terminal.output import print_result


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print what teaches a shell to complete the words of ntk.

    \b
    Examples:
      ntk completion bash >> ~/.bashrc
      ntk completion zsh >> ~/.zshrc
      ntk completion fish > ~/.config/fish/completions/ntk.fish

    Commands, options and their values, files and folders, and the keys of a spec behind --set. It works in
    shells that are opened from then on; zsh needs `autoload -U compinit && compinit` above it in ~/.zshrc.
    """
    print_result(script(context.find_root().command, shell))

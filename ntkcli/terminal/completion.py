"""Completion of command lines: what shells ask, and what they are told."""

from collections.abc import Iterator

import click
from click.shell_completion import BashComplete, CompletionItem, get_completion_class

PROGRAM = "ntk"
VARIABLE = "_NTK_COMPLETE"
SHELLS = ("bash", "zsh", "fish")


class WordsOfBash(BashComplete):
    """Completion for Bash, which takes KEY=VALUE for three words, and ends what it completes with a space."""

    source_template = BashComplete.source_template.replace(
        "    return 0\n", "    [[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace\n    return 0\n", 1
    )

    def get_completion_args(self) -> tuple[list[str], str]:
        """Return the words before the one at the cursor, and this one up to the cursor."""
        before, word = super().get_completion_args()
        words = [*_joined([*before, word])]
        self._prefix = ""
        if "=" in words[-1]:
            # Bash has the part in front of it already, and puts the rest behind the sign.
            self._prefix = words[-1].partition("=")[0] + "="
        return words[:-1], words[-1]

    def format_completion(self, item: CompletionItem) -> str:
        """Return what the script reads of a completion."""
        return f"{item.type},{item.value.removeprefix(self._prefix)}"


def _joined(words: list[str]) -> Iterator[str]:
    """Yield words, those around a sign `=` as one."""
    waiting: list[str] = []
    for word in words:
        if waiting and "=" not in (word, waiting[-1]):
            yield "".join(waiting)
            waiting = []
        waiting.append(word)
    yield "".join(waiting)


def script(program: click.Command, shell: str) -> str:
    """Return the script that teaches a shell to complete the words of `ntk`."""
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"no such shell: {shell}: give one of {', '.join(SHELLS)}")
    return kind(program, {}, PROGRAM, VARIABLE).source().rstrip("\n")


def complete_setting(context: click.Context, option: click.Parameter, begun: str) -> list[CompletionItem]:
    """Return the keys of a spec that begin so, or, behind the sign, the values that a key can have."""
    # Pydantic is not loaded for anything else.
    from ntkcli.spec.keys import choices, keys

    key, sign, _ = begun.partition("=")
    found = [f"{key}={choice}" for choice in choices(key)] if sign else [f"{name}=" for name in keys()]
    return [CompletionItem(item) for item in found if item.startswith(begun)]


def complete_kernel(context: click.Context, option: click.Parameter, begun: str) -> list[CompletionItem]:
    """Return the kernels that begin so."""
    from ntkcli.spec.keys import choices

    return [CompletionItem(kernel) for kernel in choices("inference.kernel") if kernel.startswith(begun)]

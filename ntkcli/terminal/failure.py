"""A failure: what a command that fails says, and the exit code that it ends with."""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import click

from ntkcli.address_space import OUT_OF_MEMORY, is_out_of_memory
from ntkcli.errors import NtkError
from ntkcli.files.disk import lack_of_space
from ntkcli.interruption import unmasked
from ntkcli.terminal.display import write_message

UNEXPECTED = 1


def _write_error(text: str) -> None:
    write_message(f"error: {text}")


@dataclass(frozen=True)
class Failure:
    """A failure of a command.

    message: lines that say what is wrong, and the remedy.
    code: that the program ends with.
    """

    message: str
    code: int

    @classmethod
    def of(cls, error: Exception) -> "Failure":
        """Return what an exception means for the user; one that is none of ours is a fault in ntk."""
        match error:
            case click.ClickException():
                context = getattr(error, "ctx", None)
                command = context.command_path if context else "ntk"
                return cls(f"{error.format_message()} ({command} --help tells more)", error.exit_code)
            case NtkError():
                return cls(str(error), error.exit_code)
            case _ if is_out_of_memory(error):
                return cls(OUT_OF_MEMORY, 5)
            case OSError() if lack := lack_of_space(error):
                return cls(f"{error.filename or 'standard output'}: {lack}", 5)
        what = f"unexpected {type(error).__name__}: {error}"
        return cls(f"{what} (NTK_TRACEBACK=1 shows where; please report it)", UNEXPECTED)

    @property
    def is_to_be_traced(self) -> bool:
        """Whether it is a fault in ntk, and ntk is asked to show where."""
        return self.code == UNEXPECTED and bool(os.environ.get("NTK_TRACEBACK"))

    def write(self, say: Callable[[str], object] = _write_error) -> None:
        """Say the message line by line, on stderr unless it is told where."""
        for line in self.message.splitlines():
            say(line)


def worst(codes: Iterable[int]) -> int:
    """Return the exit code of several pieces of work: the largest, or 1, a fault in ntk, where one has it."""
    return max(codes, key=lambda code: (code == UNEXPECTED, code))


def attempt(work: Callable[[], None], say: Callable[[str], object] = _write_error) -> int:
    """Do some work; where it fails, say the message line by line, and return the exit code, else 0."""
    try:
        with unmasked():
            work()
    except Exception as error:
        failure = Failure.of(error)
        if failure.is_to_be_traced:
            raise
        failure.write(say)
        return failure.code
    return 0

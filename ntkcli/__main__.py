"""The program `ntk`, also as `python -m ntkcli`: every failure becomes a message and an exit code."""

import os
import signal
import sys

import click

from ntkcli.cli import ntk
from ntkcli.errors import NtkError
from ntkcli.terminal.display import Stream

# A thread of OpenBLAS that has nothing to do looks for work for 2 to the power of this cycles, 26 by default:
# for a thirtieth of a second it takes a core from the threads that compute kernels.
OPENBLAS_THREAD_TIMEOUT = "14"


def main() -> None:
    """Run `ntk`; every failure becomes one message on stderr and an exit code."""
    # Read once, when a command loads numpy.
    os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", OPENBLAS_THREAD_TIMEOUT)
    # A run that is interrupted or terminated cleans up after itself.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: _fail("told to end before it was done", 128 + number))
    try:
        sys.exit(ntk.main(standalone_mode=False))
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(error.exit_code)
    except click.ClickException as error:
        _fail(f"{error.format_message()} (ntk --help tells more)", error.exit_code)
    except NtkError as error:
        _fail(str(error), error.exit_code)
    except MemoryError:
        _fail("not enough memory: use fewer rows, compute.dtype: float32, or a larger machine", 5)
    except Exception as error:
        if os.environ.get("NTK_TRACEBACK"):
            raise
        _fail(
            f"unexpected {type(error).__name__}: {error} (NTK_TRACEBACK=1 shows where; please report it)", 1
        )


def _fail(message: str, code: int) -> None:
    for line in message.splitlines():
        Stream("stderr").write(f"ntk: error: {line}\n")
    sys.exit(code)


if __name__ == "__main__":
    main()

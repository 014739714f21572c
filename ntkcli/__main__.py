"""The program `ntk`, also as `python -m ntkcli`: every failure becomes a message and an exit code."""

import os
import signal
import sys

import click

from ntkcli.cli import ntk
from ntkcli.terminal.failure import Failure

# A thread of OpenBLAS that has nothing to do looks for work for 2 to the power of this cycles, 26 by default:
# for a thirtieth of a second it takes a core from the threads that compute kernels.
OPENBLAS_THREAD_TIMEOUT = "14"
TOLD_TO_END = "told to end before it was done"


def main() -> None:
    """Run `ntk`; every failure becomes one message on stderr and an exit code."""
    # Read once, when a command loads numpy.
    os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", OPENBLAS_THREAD_TIMEOUT)
    # A run that is interrupted or terminated cleans up after itself.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: _fail(Failure(TOLD_TO_END, 128 + number)))
    try:
        sys.exit(ntk.main(standalone_mode=False))
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(error.exit_code)
    except Exception as error:
        failure = Failure.of(error)
        if failure.is_to_be_traced:
            raise
        _fail(failure)


def _fail(failure: Failure) -> None:
    failure.write()
    sys.exit(failure.code)


if __name__ == "__main__":
    main()

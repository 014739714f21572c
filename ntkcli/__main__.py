"""The program `ntk`, also as `python -m ntkcli`: every failure becomes a message and an exit code."""

import os
import sys

# A thread of OpenBLAS that has nothing to do looks for work for 2 to the power of this cycles, 26 by default:
# for a thirtieth of a second it takes a core from the threads that compute kernels.
OPENBLAS_THREAD_TIMEOUT = "14"
# Of Ctrl-C.
INTERRUPTED = 130


def main() -> None:
    """Run `ntk`; every failure becomes one message on stderr and an exit code."""
    # Read once, when a command loads numpy.
    os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", OPENBLAS_THREAD_TIMEOUT)
    try:
        _keep_bytecode_whole()
        # Until it listens, Ctrl-C is Python's own exception: what takes a moment to load is loaded here.
        from ntkcli import interruption
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    try:
        interruption.listen(_say)
        _run()
    except interruption.Interruption as end:
        interruption.clean_up()
        interruption.tell(end)
        sys.exit(end.code)
    finally:
        interruption.results_are_whole()
        interruption.clean_up()


def _keep_bytecode_whole() -> None:
    """Write no bytecode where the size of files is limited.

    Python before 3.14 takes what fits for the whole, and no later start can read it.
    """
    import resource

    most, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
    if most != resource.RLIM_INFINITY:
        sys.dont_write_bytecode = True


def _run() -> None:
    # Loading them takes a moment, in which a signal may come.
    import click

    from ntkcli import interruption
    from ntkcli.address_space import make_room
    from ntkcli.cli import ntk
    from ntkcli.streams import drop_unwritten
    from ntkcli.terminal.display import Stream
    from ntkcli.terminal.failure import Failure

    try:
        make_room()
        with interruption.unmasked():
            sys.exit(ntk.main(standalone_mode=False))
    except click.exceptions.NoArgsIsHelpError as error:
        Stream("stderr").write(f"{error.format_message()}\n")
        sys.exit(error.exit_code)
    except Exception as error:
        failure = Failure.of(error)
        if failure.is_to_be_traced:
            raise
        failure.write()
        drop_unwritten()
        sys.exit(failure.code)


def _say(message: str) -> None:
    from ntkcli.terminal.display import write_message

    write_message(f"error: {message}")


if __name__ == "__main__":
    main()

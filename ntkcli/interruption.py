"""What ends a command from outside: signals and its time limit, held back while files change hands.

A signal raises an `Interruption` in the main thread. It waits while a block of `held_back` runs, and once the
results are whole it ends nothing any more. If the process is still there seconds after, whatever keeps it,
a thread of its own cleans up what is owed and ends it.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

TOLD_TO_END = "told to end before it was done"
TIME_IS_UP = "the time of --max-time is up"
GOING_ON = "the same command goes on from here"
# EX_TEMPFAIL of sysexits.h: try again later.
TRY_AGAIN = 75
# Ctrl-C, what `kill` and batch systems send, and what a terminal sends that is closed.
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# With that of the time limit.
OURS = (*ENDING, signal.SIGALRM)
# What the timers of all systems can be set to: three years.
LONGEST_LIMIT_SECONDS = 1e8
# For which the main thread is waited for: to act, and to finish a change of files.
PATIENCE_SECONDS, CHANGE_SECONDS = 5.0, 30.0

CleanUp = Callable[[], None]
Say = Callable[[str], None]


class Interruption(SystemExit):
    """The end of a command from outside.

    message: what the user is told.
    code: that the process ends with.
    """

    def __init__(self, message: str, code: int) -> None:
        super().__init__(code)
        self.message = message


class _State:
    """What is asked of this process, and what it is at.

    say: shows a message.
    asked: the first interruption that was asked for.
    is_raised: whether it is on its way through the main thread.
    is_whole: whether the results are whole, so that nothing is to be interrupted.
    is_told: whether the user was told.
    is_going_on: whether the same command, given again, would go on from here.
    depth: how many blocks of `held_back` the main thread is in.
    owed: what is to be cleaned up however the process ends.
    """

    def __init__(self, say: Say) -> None:
        self.say = say
        self.asked: Interruption | None = None
        self.is_raised = self.is_whole = self.is_told = self.is_going_on = False
        self.depth = 0
        self.owed: list[CleanUp] = []


_state = _State(lambda message: None)
# Whoever changes files has it; the thread that ends the process keeps it.
_changing = threading.RLock()
_watched_from: int | None = None


def listen(say: Say) -> None:
    """Let signals interrupt the main thread, from which this is called. One that is ignored stays so.

    Args:
        say: shows a message, for the case that the main thread cannot.

    Raises:
        Interruption: there was a signal meanwhile.
    """
    global _state
    _state = _State(say)
    signal.setitimer(signal.ITIMER_REAL, 0)
    sys.unraisablehook = _again
    # The start of a thread must not be interrupted, and that thread is to get none.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, OURS)
    for number in OURS:
        if number == signal.SIGALRM or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _on_signal)
    _start_watch()
    signal.pthread_sigmask(signal.SIG_SETMASK, before)


def limit(seconds: float) -> None:
    """Have the command interrupted when so much time has passed; the same command then goes on."""
    resumes()
    signal.setitimer(signal.ITIMER_REAL, min(seconds, LONGEST_LIMIT_SECONDS))


def resumes() -> None:
    """Say that the same command, given again, goes on from where it is interrupted."""
    _state.is_going_on = True


@contextmanager
def held_back() -> Iterator[None]:
    """Run a block that changes files to its end before a signal is acted on."""
    is_main = threading.current_thread() is threading.main_thread()
    with _changing:
        _state.depth += is_main
        try:
            yield
        finally:
            _state.depth -= is_main
    if is_main:
        _act()


def owe(clean_up: CleanUp) -> None:
    """Note what is to be cleaned up however the process ends, before there is anything."""
    _state.owed.append(clean_up)


def settle(clean_up: CleanUp) -> None:
    """Forget what is cleaned up by now."""
    with suppress(ValueError):
        _state.owed.remove(clean_up)


def clean_up() -> None:
    """Clean up all that is owed, the last first."""
    with held_back():
        while _state.owed:
            with suppress(OSError):
                _state.owed.pop()()


def results_are_whole() -> None:
    """Let no signal interrupt what is left to do, which takes a moment."""
    _state.is_whole = True


def begin_more() -> None:
    """Begin other work, which signals interrupt again; one that has come meanwhile does so now.

    Raises:
        Interruption: there was one.
    """
    _state.is_whole = False
    _act()


@contextmanager
def unmasked() -> Iterator[None]:
    """Raise an interruption again that a library turned into an exception of its own, as pydantic does."""
    try:
        yield
    except Exception as error:
        if _state.asked and _state.is_raised and not _state.is_whole:
            raise _state.asked from error
        raise


def tell(end: Interruption) -> None:
    """Show the message of an interruption, once."""
    if not _state.is_told:
        _state.is_told = True
        _state.say(end.message)


def _on_signal(number: int, _: FrameType | None) -> None:
    _ask(number)
    _act()


def _ask(number: int) -> Interruption:
    """Return the interruption of the first signal."""
    if _state.asked is None:
        if number == signal.SIGALRM:
            _state.asked = Interruption(f"{TIME_IS_UP}: {GOING_ON}", TRY_AGAIN)
        elif number == signal.SIGTERM and _state.is_going_on:
            _state.asked = Interruption(f"{TOLD_TO_END}: {GOING_ON}", TRY_AGAIN)
        else:
            _state.asked = Interruption(TOLD_TO_END, 128 + number)
    return _state.asked


def _act() -> None:
    if _state.asked and not (_state.depth or _state.is_whole or _state.is_raised):
        _state.is_raised = True
        raise _state.asked


def _again(fault: Any) -> None:
    """Raise an interruption again that came where nothing can be raised, such as in a destructor."""
    if isinstance(fault.exc_value, Interruption):
        _state.is_raised = False
        # Here it would be lost as well.
        signal.setitimer(signal.ITIMER_REAL, 0.01)
    else:
        sys.__unraisablehook__(fault)


def _start_watch() -> None:
    """Start the thread that signals wake, once a process."""
    global _watched_from
    if _watched_from == os.getpid():
        return
    _watched_from = os.getpid()
    read, write = os.pipe()
    os.set_blocking(write, False)
    signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    # Of the limit on its address space, it shall not take the usual 8 MiB.
    usual = threading.stack_size(2**18)
    threading.Thread(target=_watch, args=(read,), daemon=True).start()
    threading.stack_size(usual)


def _watch(read: int) -> None:
    """End the process some time after a signal."""
    while (number := os.read(read, 1)[0]) not in OURS or signal.getsignal(number) is not _on_signal:
        pass
    time.sleep(PATIENCE_SECONDS)
    end = _ask(number)
    if _changing.acquire(timeout=CHANGE_SECONDS):
        while _state.owed:
            with suppress(Exception):
                _state.owed.pop()()
    # Standard error may be what the main thread waits for.
    telling = threading.Thread(target=tell, args=(end,), daemon=True)
    # Nor may there be memory for a thread.
    with suppress(Exception):
        telling.start()
        telling.join(1)
    os._exit(int(str(end.code)))

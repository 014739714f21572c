"""What is shown: streams that never fail, messages and progress on stderr, tables on stdout."""

import io
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from typing import Literal

from ntkcli.journal import Advance, Display, Silent, unshown
from ntkcli.streams import in_utf8
from ntkcli.terminal.legible import legible
from ntkcli.terminal.progress_bar import ERASE, ProgressBar

# The codes of bold red and bold yellow, and what ends them.
COLOURS = {"error": "\x1b[1;31m", "warning": "\x1b[1;33m"}
PLAIN = "\x1b[0m"


class Stream:
    """A stream writes UTF-8 to standard output or error, and never fails: a run goes on without a reader."""

    def __init__(self, name: Literal["stdout", "stderr"]) -> None:
        self._name = name

    def write(self, text: str) -> int:
        """Write the text, or drop it where the stream is closed; return its length."""
        try:
            stream = in_utf8(getattr(sys, self._name))
            stream.write(text)
            stream.flush()
        except (OSError, ValueError, AttributeError):
            # Python would try to write the rest at exit, and turn the failure into the exit code.
            setattr(sys, self._name, io.StringIO())
        return len(text)

    def flush(self) -> None:
        """Do nothing, since every write is flushed."""

    def isatty(self) -> bool:
        """Return whether the stream is a terminal."""
        with suppress(ValueError, AttributeError):
            return bool(getattr(sys, self._name).isatty())
        return False

    @property
    def takes_codes(self) -> bool:
        """Whether the stream is a terminal that can go back in a line, and clear it."""
        return self.isatty() and os.environ.get("TERM") != "dumb"

    @property
    def takes_colours(self) -> bool:
        """Whether the stream shows colours, and its user wants them; see https://no-color.org."""
        return self.takes_codes and not os.environ.get("NO_COLOR")

    @property
    def width(self) -> int:
        """The columns of the terminal; 80 where that is not known."""
        with suppress(OSError, ValueError, AttributeError):
            return os.get_terminal_size(getattr(sys, self._name).fileno()).columns or 80
        return 80


def write_message(text: str) -> None:
    """Write one legible line on stderr; where there are colours, `error:` is red and `warning:` yellow."""
    stream = Stream("stderr")
    text = legible(text)
    kind, sign, rest = text.partition(": ")
    if sign and kind in COLOURS and stream.takes_colours:
        text = f"{COLOURS[kind]}{kind}:{PLAIN} {rest}"
    stream.write(f"ntk: {text}\n")


@contextmanager
def whole_output() -> Iterator[None]:
    """Run a block that writes data to stdout, and end it without an error when its reader is gone."""
    try:
        yield
    except BrokenPipeError:
        sys.stdout = io.StringIO()


class Several:
    """Several displays of one journal."""

    def __init__(self, displays: Sequence[Display]) -> None:
        self._displays = displays

    def message(self, text: str) -> None:
        """Show a line on all."""
        for display in self._displays:
            display.message(text)

    @contextmanager
    def progress(self, label: str, length: int) -> Iterator[Advance]:
        """Show the progress of a phase on all."""
        with ExitStack() as stack:
            advances = [stack.enter_context(display.progress(label, length)) for display in self._displays]

            def advance(steps: int) -> None:
                for each in advances:
                    each(steps)

            yield advance

    def note(self, text: str) -> None:
        """Show a text beside the progress on all."""
        for display in self._displays:
            display.note(text)


class Warnings(Silent):
    """A display of warnings alone."""

    def message(self, text: str) -> None:
        """Write a warning on stderr."""
        if text.startswith("warning: "):
            write_message(text)


class Terminal:
    """A terminal displays a journal: messages always, progress bars only if stderr is a terminal.

    A bar appears when its phase has lasted half a second, and is gone when the phase ends. Of phases within
    phases, the innermost is shown, so that there is one bar at a time, and one line of it.

    Args:
        clock: tells the time in seconds.
        is_verbose: whether phases are told as they end.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, *, is_verbose: bool = False) -> None:
        self._is_verbose = is_verbose
        self._stream = Stream("stderr")
        self._clock = clock
        self._bars: list[ProgressBar] = []
        self._line = ""

    def message(self, text: str) -> None:
        """Write one line on stderr; a bar that stands there makes way, and comes back with its next step."""
        self._show("")
        write_message(text)

    @contextmanager
    def progress(self, label: str, length: int) -> Iterator[Advance]:
        """Show the progress of a phase on stderr; yield what advances it."""
        start = self._clock()
        with self._bar(label, length) as advance:
            yield advance
        if self._is_verbose:
            self.message(f"{label}: {self._clock() - start:.2f} s")

    @contextmanager
    def _bar(self, label: str, length: int) -> Iterator[Advance]:
        """Show a progress bar, if the phase has a length; lines now and then where there can be no bar."""
        if length == 0:
            yield unshown
            return
        bar = ProgressBar(label, length, self._clock())
        if not self._stream.takes_codes:
            yield partial(self._tell_progress, bar)
            return
        self._bars.append(bar)

        def advance(steps: int) -> None:
            bar.done += steps
            now = self._clock()
            if bar is self._bars[-1] and bar.is_worth_showing(now):
                self._show(bar.line(now, self._stream.width))

        try:
            yield advance
        finally:
            self._bars.remove(bar)
            self._show("")

    def note(self, text: str) -> None:
        """Set the label of the innermost progress bar, from its next step on."""
        if self._bars:
            self._bars[-1].label = text

    def _tell_progress(self, bar: ProgressBar, steps: int) -> None:
        """Advance a phase, and write a line about it if it is time for one."""
        bar.done += steps
        now = self._clock()
        if bar.is_due(now):
            write_message(bar.sentence(now))

    def _show(self, line: str) -> None:
        """Write a line of a bar in the place of the one that is there; none erases it."""
        if line != self._line:
            self._stream.write(ERASE + line)
            self._line = line

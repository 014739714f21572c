"""A display for tests that look at what a journal was told."""

from ntkcli.journal import Silent


class Lines(Silent):
    """A display that keeps its messages."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def message(self, text: str) -> None:
        self.lines.append(text)

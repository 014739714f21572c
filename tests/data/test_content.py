"""A file is known again by its content."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ntkcli.data.content import Content
from ntkcli.data.remedies import OF_SPEC
from ntkcli.errors import DataError

Write = Callable[[str, str], Path]


@pytest.mark.parametrize("text", ["a\n2\n", "a\n1\n3\n"])
def test_another_content_is_refused(write: Write, text: str) -> None:
    content = Content(write("t.csv", "a\n1\n"), OF_SPEC)
    path = write("t.csv", text)
    # The clock of a file system may stand still between the two.
    os.utime(path, ns=(1, 1))
    with pytest.raises(DataError, match=r"t\.csv: changed while it was read: start again") as refusal:
        content.check_unchanged()
    assert "\n" not in str(refusal.value)


def test_the_same_content_at_another_time_is_read_once_to_know_it(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write("t.csv", "a\n1\n")
    content = Content(path, OF_SPEC)
    os.utime(path, ns=(1, 1))
    content.check_unchanged()
    monkeypatch.setattr(Content, "_sha256", lambda _: pytest.fail("it was read again"))
    content.check_unchanged()


def test_a_file_that_is_gone_is_told(write: Write) -> None:
    path = write("t.csv", "a\n1\n")
    content = Content(path, OF_SPEC)
    path.unlink()
    with pytest.raises(DataError, match="there is no such file"):
        content.check_unchanged()


def test_a_change_is_told_instead_of_what_it_breaks(write: Write) -> None:
    content = Content(write("t.csv", "a\n1\n"), OF_SPEC)

    def read() -> None:
        with content.unchanged():
            write("t.csv", "")
            raise DataError("it is empty")

    with pytest.raises(DataError, match="changed while it was read"):
        read()


def test_what_is_wrong_in_a_file_that_stays_is_told(write: Write) -> None:
    content = Content(write("t.csv", "a\n1\n"), OF_SPEC)
    with pytest.raises(DataError, match="it is odd"), content.unchanged():
        raise DataError("it is odd")

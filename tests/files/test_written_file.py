from pathlib import Path

import pytest

from ntkcli.files.written_file import opened, write_text


def test_a_file_is_on_the_disk_when_it_is_closed(tmp_path: Path, seen: list[tuple[str, str]]) -> None:
    write_text(tmp_path / "a", "text\r\n")
    assert (tmp_path / "a").read_bytes() == b"text\r\n"
    assert seen == [("create", "a"), ("write", "a"), ("sync", "a")]


def test_a_file_that_is_not_kept_waits_for_no_disk(tmp_path: Path, seen: list[tuple[str, str]]) -> None:
    with opened(tmp_path / "a", is_kept=False) as file:
        file.write(b"text")
    assert ("sync", "a") not in seen


def test_a_file_whose_block_fails_waits_for_no_disk(tmp_path: Path, seen: list[tuple[str, str]]) -> None:
    def write() -> None:
        with opened(tmp_path / "a"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write()
    assert seen == [("create", "a")]

"""What changes files is in one module, tells a watcher first, and has it on the disk."""

import ast
import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

import ntkcli
from ntkcli import files

PACKAGE = Path(ntkcli.__file__).parent
# Of paths, arrays and tables, whatever they are called on.
METHODS = {
    "write_text",
    "write_bytes",
    "unlink",
    "rmdir",
    "mkdir",
    "touch",
    "hardlink_to",
    "symlink_to",
    "chmod",
    "tofile",
}
CALLS = {
    "os": {
        "open",
        "write",
        "rename",
        "replace",
        "remove",
        "unlink",
        "mkdir",
        "makedirs",
        "rmdir",
        "link",
        "symlink",
        "truncate",
        "posix_fallocate",
        "fsync",
        "chmod",
    },
    "shutil": {"rmtree", "move", "copy", "copy2", "copyfile", "copytree"},
    "tempfile": {"TemporaryFile", "NamedTemporaryFile", "TemporaryDirectory", "mkdtemp", "mkstemp"},
    "np": {"save"},
}

# Flags without which os.open reads.
WRITING = ("O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_APPEND")


@pytest.fixture
def seen() -> Iterator[list[tuple[str, str]]]:
    """The changes that are told, and the names of what they are made to."""
    changes: list[tuple[str, str]] = []
    files.watch_with(lambda change, path: changes.append((change, path.name)))
    yield changes
    files.watch_with(files.unwatched)


def changes_files(call: ast.Call) -> bool:
    """Whether a call looks like one that changes files."""
    function = call.func
    modes = [
        node.value
        for node in [*call.args, *(word.value for word in call.keywords)]
        if isinstance(node, ast.Constant)
    ]
    is_for_writing = any(mode in {"w", "wb", "x", "xb", "a", "ab", "w+b", "r+b"} for mode in modes)
    if isinstance(function, ast.Name):
        return function.id == "open" and is_for_writing
    if not isinstance(function, ast.Attribute):
        return False
    owner, name = function.value, function.attr
    if isinstance(owner, ast.Name) and owner.id == "files":
        return False
    if ast.unparse(function) == "os.open" and not any(flag in ast.unparse(call) for flag in WRITING):
        return False
    if isinstance(owner, ast.Name) and owner.id in CALLS:
        return name in CALLS[owner.id]
    # A text's replace takes two arguments, and a table's rename takes keywords.
    renames = name in {"rename", "replace"} and len(call.args) == 1 and not call.keywords
    return name in METHODS or renames or (name == "open" and is_for_writing)


def offences(source: str) -> list[str]:
    return [
        ast.unparse(node)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and changes_files(node)
    ]


def test_no_other_module_changes_files() -> None:
    sources = [path for path in sorted(PACKAGE.rglob("*.py")) if path != PACKAGE / "files.py"]
    found = {path.name: offences(path.read_text(encoding="utf-8")) for path in sources}
    assert {name: calls for name, calls in found.items() if calls} == {}


@pytest.mark.parametrize(
    "call",
    [
        "open(p, 'w')",
        "p.open('xb')",
        "p.write_text(t)",
        "p.rename(q)",
        "p.replace(q)",
        "os.replace(p, q)",
        "os.open(p, os.O_CREAT | os.O_RDONLY)",
        "np.save(p, a)",
    ],
)
def test_what_changes_files_is_known(call: str) -> None:
    assert offences(call) == [call]


@pytest.mark.parametrize(
    "call", ["open(p)", "s.replace('a', 'b')", "t.rename(columns=c)", "files.rename(p, q)"]
)
def test_what_does_not_is_let_be(call: str) -> None:
    assert offences(call) == []


def test_a_file_is_on_the_disk_when_it_is_closed(tmp_path: Path, seen: list[tuple[str, str]]) -> None:
    files.write_text(tmp_path / "a", "text\r\n")
    assert (tmp_path / "a").read_bytes() == b"text\r\n"
    assert seen == [("create", "a"), ("write", "a"), ("sync", "a")]


def test_a_file_that_is_not_kept_waits_for_no_disk(tmp_path: Path, seen: list[tuple[str, str]]) -> None:
    with files.opened(tmp_path / "a", is_kept=False) as file:
        file.write(b"text")
    assert ("sync", "a") not in seen


def test_a_file_whose_block_fails_waits_for_no_disk(tmp_path: Path, seen: list[tuple[str, str]]) -> None:
    def write() -> None:
        with files.opened(tmp_path / "a"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write()
    assert seen == [("create", "a")]


def test_a_change_that_the_watcher_refuses_is_not_made(tmp_path: Path, seen: list[tuple[str, str]]) -> None:
    (tmp_path / "a").write_text("old")

    def refuse(change: str, path: Path) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    files.watch_with(refuse)
    changes: list[Callable[[], object]] = [
        lambda: files.rename(tmp_path / "a", tmp_path / "b"),
        lambda: files.link(tmp_path / "b", tmp_path / "a"),
        lambda: files.make_folder(tmp_path / "c"),
        lambda: files.remove(tmp_path / "a"),
        lambda: files.write_text(tmp_path / "a", "new"),
    ]
    for change in changes:
        with pytest.raises(OSError, match="Input/output"):
            change()
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a": "old"}


def test_a_full_disk_is_told_with_its_reason(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no device is always full here")
    with pytest.raises(OSError, match="No space left") as caught:
        files.write_bytes(Path("/dev/full"), np.zeros(10**6).data)
    assert files.lack_of_space(caught.value) == "the disk is full: free some space"
    assert files.lack_of_space(OSError(errno.EIO, "Input/output error")) is None


def test_two_names_are_swapped_in_one_step(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(name)
    if not files.exchange(tmp_path / "a", tmp_path / "b"):
        pytest.skip("the system cannot")
    assert (tmp_path / "a" / "file").read_text() == "b"
    assert (tmp_path / "b" / "file").read_text() == "a"


def test_a_tree_is_deleted_and_what_its_links_lead_to_stays(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "tree" / "inner").mkdir(parents=True)
    (tmp_path / "tree" / "inner" / "link").symlink_to(tmp_path / "kept")
    files.copy_tree(tmp_path / "tree" / "inner", tmp_path / "copy")
    files.remove_tree(tmp_path / "tree")
    files.remove_tree(tmp_path / "nothing")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy", "kept"]


def test_folders_above_are_made_one_by_one(tmp_path: Path, seen: list[tuple[str, str]]) -> None:
    files.make_folder(tmp_path / "a" / "b", parents=True)
    files.make_folder(tmp_path / "a" / "b", parents=True, exist_ok=True)
    assert seen == [("make_folder", "a"), ("make_folder", "b")]

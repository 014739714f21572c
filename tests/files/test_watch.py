"""What changes files is in one package, and tells a watcher first."""

import ast
import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

import ntkcli
from ntkcli.files import changes
from ntkcli.files.watch import watch_with
from ntkcli.files.written_file import write_text

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
    if isinstance(owner, ast.Name) and owner.id == "changes":
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
    sources = [path for path in sorted(PACKAGE.rglob("*.py")) if path.parent != PACKAGE / "files"]
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
    "call", ["open(p)", "s.replace('a', 'b')", "t.rename(columns=c)", "changes.rename(p, q)"]
)
def test_what_does_not_is_let_be(call: str) -> None:
    assert offences(call) == []


def test_a_change_that_the_watcher_refuses_is_not_made(tmp_path: Path, seen: list[tuple[str, str]]) -> None:
    (tmp_path / "a").write_text("old")

    def refuse(change: str, path: Path) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    watch_with(refuse)
    attempts: list[Callable[[], object]] = [
        lambda: changes.rename(tmp_path / "a", tmp_path / "b"),
        lambda: changes.link(tmp_path / "b", tmp_path / "a"),
        lambda: changes.make_folder(tmp_path / "c"),
        lambda: changes.remove(tmp_path / "a"),
        lambda: write_text(tmp_path / "a", "new"),
    ]
    for attempt in attempts:
        with pytest.raises(OSError, match="Input/output"):
            attempt()
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a": "old"}

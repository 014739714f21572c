from pathlib import Path

import pytest

from ntkcli.files import changes


def test_two_names_are_swapped_in_one_step(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(name)
    if not changes.exchange(tmp_path / "a", tmp_path / "b"):
        pytest.skip("the system cannot")
    assert (tmp_path / "a" / "file").read_text() == "b"
    assert (tmp_path / "b" / "file").read_text() == "a"


def test_a_tree_is_deleted_and_what_its_links_lead_to_stays(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "tree" / "inner").mkdir(parents=True)
    (tmp_path / "tree" / "inner" / "link").symlink_to(tmp_path / "kept")
    changes.copy_tree(tmp_path / "tree" / "inner", tmp_path / "copy")
    changes.remove_tree(tmp_path / "tree")
    changes.remove_tree(tmp_path / "nothing")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy", "kept"]


def test_folders_above_are_made_one_by_one(tmp_path: Path, seen: list[tuple[str, str]]) -> None:
    changes.make_folder(tmp_path / "a" / "b", parents=True)
    changes.make_folder(tmp_path / "a" / "b", parents=True, exist_ok=True)
    assert seen == [("make_folder", "a"), ("make_folder", "b")]

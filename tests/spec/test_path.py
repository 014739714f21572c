from pathlib import Path

import pytest

from ntkcli.spec.path import seen_path


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


@pytest.mark.parametrize(
    ("folder", "path", "seen"),
    [
        (".", "t.csv", "t.csv"),
        ("configs", "t.csv", "configs/t.csv"),
        ("configs", "../data/t.csv", "data/t.csv"),
        ("..", "t.csv", "../t.csv"),
        ("../configs", "../t.csv", "../t.csv"),
    ],
)
def test_a_relative_path_is_as_short_as_it_can_be(folder: str, path: str, seen: str) -> None:
    assert seen_path(Path(folder), Path(path)) == Path(seen)


def test_what_is_below_the_working_directory_is_relative_to_it_wherever_the_spec_is(here: Path) -> None:
    assert seen_path(here / "configs", Path("../t.csv")) == Path("t.csv")
    assert seen_path(here.parent, Path("t.csv")) == here.parent / "t.csv"


def test_an_absolute_path_stays(here: Path) -> None:
    assert seen_path(Path("configs"), here / "t.csv") == here / "t.csv"


def test_what_is_above_a_link_is_above_where_it_leads(here: Path) -> None:
    (here / "far" / "configs").mkdir(parents=True)
    (here / "configs").symlink_to("far/configs")
    assert seen_path(Path("configs"), Path("../t.csv")) == Path("configs/../t.csv")

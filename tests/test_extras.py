"""Extras are looked for without being imported."""

import sys

import pytest

from ntkcli import extras
from ntkcli.extras import is_installed


def test_a_module_that_is_there_is_found_and_not_imported() -> None:
    sys.modules.pop("colorsys", None)
    assert is_installed("colorsys")
    assert "colorsys" not in sys.modules


def test_a_module_that_is_not_there_is_not_found() -> None:
    assert not is_installed("no_such_module_at_all")


@pytest.mark.parametrize("error", [ImportError, ValueError])
def test_a_module_that_is_blocked_is_not_there(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def blocked(_: str) -> None:
        raise error

    monkeypatch.setattr(extras, "find_spec", blocked)
    assert not is_installed("colorsys")

"""What must not be after a command that was stopped is seen, and what may be is let be."""

import pytest

from tests.reliability.folder import Contents
from tests.reliability.scenarios import SCENARIOS, Scenario
from tests.reliability.sides import Sides

OLD = {"run/": b"", "run/a": b"1", "run/b": b"1"}
NEW = {"run/": b"", "run/a": b"2", "run/b": b"2"}
REPLACED = Sides(Scenario("fit"), OLD, NEW)
WAITING = {path.replace("run/", ".run.ntk-old/"): data for path, data in OLD.items()}
RENAMED = Sides(SCENARIOS["fit --overwrite, two renames"], OLD, NEW)
SEARCH = Sides(
    SCENARIOS["tune, grid"], {}, {"run/": b"", "run/best.yaml": b"2", "run/fit/": b"", "run/fit/a": b"2"}
)


@pytest.mark.parametrize(
    ("sides", "left"),
    [
        (REPLACED, OLD),
        (REPLACED, NEW),
        (REPLACED, OLD | {".run.ntk-partial/": b"", ".run.ntk-partial/a": b"2"}),
        (RENAMED, WAITING),
        (RENAMED, NEW | WAITING),
        (SEARCH, {"run/": b"", "run/trials.jsonl": b"ha"}),
        (SEARCH, {"run/": b"", "run/best.yaml": b"2"}),
    ],
)
def test_the_old_the_new_and_what_goes_on_may_be_there(sides: Sides, left: Contents) -> None:
    assert not list(sides.torn(sides.kept(left)))


@pytest.mark.parametrize(
    ("sides", "left"),
    [
        (REPLACED, {}),
        (REPLACED, WAITING),
        (RENAMED, WAITING | {".run.ntk-old/a": b"2"}),
        (REPLACED, OLD | {"run/a": b"2"}),
        (REPLACED, NEW | {"run/b": b""}),
        (REPLACED, NEW | {"other": b""}),
        (SEARCH, {"run/": b"", "run/best.yaml": b"ha"}),
        (SEARCH, {"run/": b"", "run/fit/": b"", "run/fit/b": b"2"}),
        (SEARCH, {"run/": b"", "run/other": b""}),
    ],
)
def test_a_mixture_a_part_and_what_nobody_wrote_are_seen(sides: Sides, left: Contents) -> None:
    assert list(sides.torn(sides.kept(left)))

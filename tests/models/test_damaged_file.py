"""model.json that is not what was written."""

import json
import os
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from ntkcli.models.model_file import hashed

from .conftest import Ntk

Refused = Callable[[str], str]
NAME = "model.json"


@pytest.fixture
def rewrite(run: Path) -> Callable[[Any], None]:
    """Write something else as model.json, with its hash made right."""

    def write(content: Any) -> None:
        text = content if isinstance(content, str) else hashed_if_possible(content)
        (run / "model" / NAME).write_text(text, encoding="utf-8")

    return write


@pytest.fixture
def content(run: Path) -> Any:
    content = json.loads((run / "model" / NAME).read_text())
    del content["sha256"]
    return content


def hashed_if_possible(content: Any) -> str:
    try:
        return hashed(content)
    except (TypeError, ValueError):
        return json.dumps(content)


def test_every_cut_of_the_file_is_refused(run: Path, refused: Refused) -> None:
    path = run / "model" / NAME
    text = path.read_bytes()
    for length in (0, 1, 2, 17, len(text) // 2, len(text) - 3):
        path.write_bytes(text[:length])
        assert refused(NAME).endswith("is damaged: it is no JSON of a model: fit it again")


@pytest.mark.parametrize("text", ["[]", "null", "7", '"model"', "{}", '{"format": 1}', "[" * 100_000, "\0"])
def test_what_is_no_model_is_refused(rewrite: Callable[[Any], None], refused: Refused, text: str) -> None:
    rewrite(text)
    assert "is damaged: " in refused(NAME)


def test_bytes_that_are_no_text_are_refused(run: Path, refused: Refused) -> None:
    (run / "model" / NAME).write_bytes(b'{"format": 1, "\xff": 2}')
    assert "is damaged: " in refused(NAME)


def test_a_newer_format_is_distinguished_from_damage(
    rewrite: Callable[[Any], None], refused: Refused, content: Any
) -> None:
    rewrite({"format": content["format"] + 1, "whatever": "it holds"})
    line = refused(NAME)
    assert "was written by a newer ntk" in line
    assert line.endswith("upgrade ntk, or fit it again")


@pytest.mark.parametrize("version", [0, -1, True, None, "1", 1.0, [1]])
def test_a_format_that_never_was_is_refused(
    rewrite: Callable[[Any], None], refused: Refused, content: Any, version: Any
) -> None:
    rewrite({**content, "format": version})
    assert "is damaged: format: " in refused(NAME)


def test_a_stage_of_another_gram_matrix_than_its_kernels_is_refused(
    rewrite: Callable[[Any], None], refused: Refused, content: Any
) -> None:
    stage = content["stages"][0]
    stage["gram"] = "nngp" if stage["gram"] == "ntk" else "ntk"
    rewrite(content)
    assert "is damaged: a stage is not of its kernels' Gram matrix: " in refused(NAME)


@pytest.mark.parametrize("depth", [1, 2, 9])
def test_a_network_of_another_depth_than_its_tables_is_told_in_words_of_the_file(
    rewrite: Callable[[Any], None], refused: Refused, content: Any, depth: int
) -> None:
    there = content["network"]["depth"]
    content["network"] = {"depth": depth}
    rewrite(content)
    assert refused(NAME).endswith(
        f"is damaged: tables: are of {2 * there - 1} steps, and a network of depth {depth} has "
        f"{2 * depth - 1}: fit it again"
    )


def test_a_network_that_no_fit_had_tables_for_is_told_as_damage(
    rewrite: Callable[[Any], None], refused: Refused, content: Any
) -> None:
    content["network"] = {"depth": content["network"]["depth"], "activation": "mish"}
    content["tables"] = [[1e-300, 1e300] for _ in content["tables"]]
    rewrite(content)
    assert refused(NAME).endswith("is damaged: its network cannot be built: fit it again")


def test_a_factorisation_of_a_solver_that_keeps_none_is_refused(
    rewrite: Callable[[Any], None], refused: Refused, content: Any
) -> None:
    content["stages"][0]["factor"] = {"kind": "pcg", "numbers": {}}
    rewrite(content)
    assert "stages.0.factor.kind: pcg keeps no factorisation" in refused(NAME)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where in a value there is anything; of lists, and of arrays that are recorded alike, the first.

    Of stages, two: that of a prior has no factorisation.
    """
    yield path
    if isinstance(value, dict):
        items = [*value.items()] if path != ("arrays",) else [*first_of_each_kind(value).items()]
    else:
        items = [*enumerate(value[: 2 if path == ("stages",) else 1])] if isinstance(value, list) else []
    for key, part in items:
        yield from places(part, (*path, key))


def first_of_each_kind(arrays: dict[str, Any]) -> dict[str, Any]:
    """Of coefficients/ntk_t0.5, coefficients/ntk_tinf and so on, the first."""
    kinds = {name.partition("/")[0]: name for name in reversed(arrays)}
    return {name: arrays[name] for name in kinds.values()}


def replaced(content: Any, path: tuple[Any, ...], change: Callable[[Any, Any], None]) -> Any:
    changed = deepcopy(content)
    holder = changed
    for key in path[:-1]:
        holder = holder[key]
    change(holder, path[-1])
    return changed


def put(value: Any) -> Callable[[Any, Any], None]:
    return lambda holder, key: holder.__setitem__(key, value)


def test_every_key_is_needed_or_has_a_default_and_no_other_is_known(
    rewrite: Callable[[Any], None], ntk: Ntk, content: Any
) -> None:
    mappings = [path for path in places(content) if isinstance(at(content, path), dict)]
    assert len(mappings) > 20
    free = ("arrays", "numbers")
    for path in mappings:
        if path and path[-1] in free:
            continue
        rewrite(replaced(content, (*path, "unknown"), put(1)))
        outcome = ntk("predict", "run", "test.csv")
        assert outcome.returncode == 3, path
        assert f"{'.'.join(map(str, path))}" in outcome.stderr


def at(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


CHANGES: dict[str, Callable[[Any, Any], None]] = {
    "deleted": lambda holder, key: holder.pop(key),
    "null": put(None),
    "text": put("neither"),
    "empty text": put(""),
    "negative": put(-3),
    "huge": put(1e300),
    "infinite": put("inf"),
    "nan": put(float("nan")),
    "whole": put(10**30),
    "true": put(True),
    "list": put([]),
    "list of lists": put([[]]),
    "mapping": put({}),
    "doubled": lambda holder, key: holder.__setitem__(
        key, holder[key] * 2 if isinstance(holder[key], list | str | int | float) else holder[key]
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_whatever_is_changed_is_reported_in_a_line_or_does_no_harm(
    rewrite: Callable[[Any], None], ntk: Ntk, content: Any, change: Callable[[Any, Any], None]
) -> None:
    for path in places(content):
        if not path:
            continue
        rewrite(replaced(content, path, change))
        outcome = ntk("predict", "run", "test.csv", "-qq")
        assert outcome.returncode in (0, 2, 3, 4, 5), (path, outcome.stderr)
        assert "Traceback" not in outcome.stderr
        assert outcome.stderr.count("\n") == (outcome.returncode != 0), (path, outcome.stderr)


def test_a_folder_without_a_model_is_reported(ntk: Ntk, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "rows.csv").write_text("a\n1\n")
    for place in ("empty", "nowhere", "rows.csv"):
        outcome = ntk("predict", place, "rows.csv")
        assert (outcome.returncode, outcome.stdout, outcome.stderr.count("\n")) == (3, "", 1)
        assert str(Path(place, "model", NAME)) in outcome.stderr
        assert "name a run directory that `ntk fit` wrote" in outcome.stderr or place == "rows.csv"


def test_a_number_that_was_changed_is_found_by_the_hash(run: Path, refused: Refused) -> None:
    path = run / "model" / NAME
    text = path.read_text()
    assert '"sigma_w": 1.' in text
    path.write_text(text.replace('"sigma_w": 1.', '"sigma_w": 9.'))
    assert refused(NAME).endswith("is damaged: it is not what was written: fit it again")


def test_a_file_without_its_hash_is_refused_and_one_of_an_older_format_is_read(
    run: Path, refused: Refused, ntk: Ntk, content: Any
) -> None:
    before = ntk("predict", "run", "test.csv")
    path = run / "model" / NAME
    path.write_text(json.dumps(content))
    assert refused(NAME).endswith("is damaged: it is not what was written: fit it again")
    path.write_text(json.dumps({**content, "format": 5}))
    assert ntk("predict", "run", "test.csv").stdout == before.stdout


def test_white_space_in_the_file_does_not_matter(run: Path, ntk: Ntk) -> None:
    before = ntk("predict", "run", "test.csv")
    path = run / "model" / NAME
    path.write_text(json.dumps(json.loads(path.read_text())))
    assert ntk("predict", "run", "test.csv").stdout == before.stdout


def test_a_pipe_or_a_device_is_not_read(run: Path, refused: Refused) -> None:
    for name in (NAME, "x_train.npy"):
        path = run / "model" / name
        kept = path.read_bytes()
        path.unlink()
        os.mkfifo(path)
        assert "no file" in refused(name)
        path.unlink()
        path.symlink_to("/dev/zero")
        assert "no file" in refused(name)
        path.unlink()
        path.write_bytes(kept)

"""Arrays of a model that are not what was written."""

import hashlib
import io
import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ntkcli.models.model_file import hashed

Refused = Callable[[str], str]
Damage = Callable[[Path], None]


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)


def deleted(path: Path) -> None:
    path.unlink()


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def reshaped(path: Path) -> None:
    np.save(path, np.load(path).reshape(1, -1))


def of_other_numbers(path: Path) -> None:
    np.save(path, np.load(path).astype(np.float32))


class Trap:
    """What leaves a file behind where it is unpickled."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.place,)


def trapped(path: Path) -> None:
    np.save(path, np.array([Trap(path.with_name("sprung"))], dtype=object), allow_pickle=True)


def a_bare_pickle(path: Path) -> None:
    path.write_bytes(pickle.dumps(Trap(path.with_name("sprung"))))


DAMAGES = [cut, emptied, flipped, deleted, a_folder, reshaped, of_other_numbers, trapped, a_bare_pickle]


def arrays(run: Path) -> list[str]:
    model = run / "model"
    names = sorted(str(path.relative_to(model)) for path in model.rglob("*.npy"))
    assert len(names) > 15
    return names


@pytest.mark.parametrize("damage", DAMAGES)
def test_any_array_that_is_not_what_was_written_is_refused(
    run: Path, refused: Refused, intact: Callable[[], None], damage: Damage
) -> None:
    for name in arrays(run):
        if name.startswith(("mean_", "linear_")):
            continue  # read by evaluate alone, below
        damage(run / "model" / name)
        assert refused(name).endswith(": fit it again")
        assert not list((run / "model").rglob("sprung"))
        intact()


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_predictions_are_compared_with_is_checked_too(
    run: Path, ntk: Callable[..., Any], intact: Callable[[], None], damage: Damage
) -> None:
    names = [name for name in arrays(run) if name.startswith(("mean_", "linear_"))]
    assert len(names) == 6
    for name in names:
        damage(run / "model" / name)
        outcome = ntk("evaluate", "run", "test.csv")
        assert (outcome.returncode, outcome.stdout, outcome.stderr.count("\n")) == (3, "", 1)
        assert str(Path("run", "model", name)) in outcome.stderr
        intact()


def forge(run: Path, name: str, content: bytes, **record: Any) -> None:
    """Replace an array, and what is known of it."""
    model = run / "model"
    (model / f"{name}.npy").write_bytes(content)
    file = json.loads((model / "model.json").read_text())
    file["arrays"][name] |= {"sha256": hashlib.sha256(content).hexdigest(), **record}
    del file["sha256"]
    (model / "model.json").write_text(hashed(file))


def saved(array: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def archive(array: Any) -> bytes:
    file = io.BytesIO()
    np.savez(file, array)
    return file.getvalue()


def test_an_array_with_a_hash_of_its_own_is_read_by_the_shape_that_is_needed(
    run: Path, refused: Refused, intact: Callable[[], None]
) -> None:
    for name in (path.removesuffix(".npy") for path in arrays(run)):
        if name.startswith(("mean_", "linear_")):
            continue
        right = np.load(run / "model" / f"{name}.npy")
        longer = np.zeros((len(right) + 1, *right.shape[1:]))
        integers, words = np.zeros(right.shape, np.int64), np.full(right.shape, "1.0")
        for array in (longer, np.zeros(()), np.zeros((*right.shape, 1)), integers, words, right * 1j):
            forge(run, name, saved(array), shape=list(array.shape), dtype=array.dtype.str)
            # What is wrong with the number of training rows shows in the next array.
            line = refused("") if name == "x_train" and array is longer else refused(f"{name}.npy")
            assert line.endswith(": fit it again")
            intact()


@pytest.mark.parametrize("name", ["features_scale", "targets_scale"])
def test_a_scale_that_no_fit_would_have_is_not_put_down_to_the_rows(
    run: Path, refused: Refused, intact: Callable[[], None], name: str
) -> None:
    for value in (0.0, -1.0, np.nan, np.inf):
        array = np.load(run / "model" / f"{name}.npy")
        array[0] = value
        forge(run, name, saved(array))
        assert refused(f"{name}.npy").endswith("is damaged: it scales nothing: fit it again")
        intact()


def test_training_rows_beyond_the_range_of_kernels_are_told_by_their_file(
    run: Path, refused: Refused
) -> None:
    forge(run, "x_train", saved(np.load(run / "model" / "x_train.npy") * 1e200))
    assert refused("x_train.npy").endswith("is damaged: the kernel of a row leaves its range: fit it again")


@pytest.mark.parametrize("part", ["mean_weights", "linear_intercept", "linear_variance"])
def test_a_baseline_that_no_fit_would_have_is_not_compared_with(
    run: Path, ntk: Callable[..., Any], intact: Callable[[], None], part: str
) -> None:
    for value in (np.nan, -np.inf, -1.0) if part.endswith("variance") else (np.nan, -np.inf):
        array = np.full_like(np.load(run / "model" / f"{part}.npy"), value)
        forge(run, part, saved(array))
        outcome = ntk("evaluate", "run", "test.csv")
        assert (outcome.returncode, outcome.stdout, outcome.stderr.count("\n")) == (3, "", 1)
        assert f"{part}.npy: is damaged: it is that of no baseline: fit it again" in outcome.stderr
        intact()


def test_no_pickle_is_opened_whatever_its_hash(
    run: Path, refused: Refused, intact: Callable[[], None], tmp_path: Path
) -> None:
    trap = Trap(tmp_path / "sprung")
    pickled = io.BytesIO()
    np.save(pickled, np.array([trap], dtype=object), allow_pickle=True)
    zipped = io.BytesIO()
    np.savez(zipped, np.array([trap], dtype=object))
    for content in (pickle.dumps(trap), pickled.getvalue(), zipped.getvalue(), archive(np.zeros(3)), b"PK"):
        for name in ("x_train", "factors/0", "coefficients/nngp_tinf"):
            forge(run, name, content)
            assert refused(f"{name}.npy").endswith(": fit it again")
            assert not (tmp_path / "sprung").exists()
            intact()


def with_header(header: bytes, data: bytes = b"", version: bytes = b"\x01\x00") -> bytes:
    """A .npy file with any text for a header."""
    length = len(header).to_bytes(2 if version[0] == 1 else 4, "little")
    return b"\x93NUMPY" + version + length + header + data


def described(descr: str, shape: str) -> bytes:
    return f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n".encode()


NUMBERS = bytes(8 * 14)
HEADERS = {
    "no header": b"\x93NUMPY\x01\x00",
    "an empty header": with_header(b""),
    "half of a bracket": with_header(b"{'descr': '<f8', 'fortran_order': False, 'shape': (14,"),
    "a text that does not end": with_header(b"{'descr': '<f8"),
    "lines that are not in line": with_header(b"{\n  1\n 2L}"),
    "a null byte": with_header(b"{'descr': '\0'}"),
    "no latin text": with_header(b"\xff\xfe{"),
    "a thousand brackets": with_header(b"(" * 1000),
    "thousands of signs": with_header(b"-" * 9000 + b"1"),
    "a key that is a list": with_header(b"{[]: 1}"),
    "another escape": with_header(b"{'\\d': 1}"),
    "another number": with_header(b"14"),
    "a call": with_header(b"print('sprung')"),
    "a number of Python 2": with_header(described("'<f8'", "(14L,)"), NUMBERS),
    "a header of 60 kB": with_header(described("'<f8'", "(14,)") + b" " * 60_000, NUMBERS),
    "version 0": with_header(described("'<f8'", "(14,)"), NUMBERS, b"\x00\x00"),
    "version 2": with_header(described("'<f8'", "(14,)"), NUMBERS, b"\x02\x00"),
    "version 9": with_header(described("'<f8'", "(14,)"), NUMBERS, b"\x09\x00"),
    "objects": with_header(described("'|O'", "(14,)"), NUMBERS),
    "records": with_header(described("[('a', '<f4'), ('b', '<f4')]", "(14,)"), NUMBERS),
    "records of objects": with_header(described("[('a', '|O')]", "(14,)"), NUMBERS),
    "a negative shape": with_header(described("'<f8'", "(-1,)"), NUMBERS),
    "two negative lengths": with_header(described("'<f8'", "(-2, -7)"), NUMBERS),
    "a shape of a text": with_header(described("'<f8'", "'14'"), NUMBERS),
    "a shape of 10^12": with_header(described("'<f8'", f"({10**12},)"), NUMBERS),
    "a shape of 10^30": with_header(described("'<f8'", f"({10**30},)"), NUMBERS),
    "a type that is none": with_header(described("'f99'", "(14,)"), NUMBERS),
    "a type with half a bracket": with_header(described("'(1,'", "(14,)"), NUMBERS),
    "a type of a tuple": with_header(described("('<f8', (1, ))", "(14,)"), NUMBERS),
    "too few numbers": with_header(described("'<f8'", "(14,)"), NUMBERS[:-1]),
    "too many numbers": with_header(described("'<f8'", "(14,)"), NUMBERS + b"1"),
}  # fmt: skip


@pytest.mark.parametrize("name", ["targets_scale", "coefficients/nngp_tinf", "factors/0"])
def test_a_header_that_is_none_is_refused_whatever_its_hash(run: Path, refused: Refused, name: str) -> None:
    for content in HEADERS.values():
        forge(run, name, content, shape=[10**12], dtype="<f8")
        assert refused(f"{name}.npy").endswith(": fit it again")

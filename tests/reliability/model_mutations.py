"""Mutations of a run's files: each JSON value and each array, with hashes made right or not."""

import hashlib
import io
import json
import shutil
from copy import deepcopy
from pathlib import Path
from random import Random
from tokenize import TokenError
from typing import Any

import numpy as np

from ntkcli.models.model_file import hashed
from tests.reliability.byte_mutations import mutated_bytes
from tests.reliability.spec_mutations import ODD, holder_of, places

VALUES = [0.0, -0.0, 1.0, -1.0, np.nan, np.inf, -np.inf, 1e308, 5e-324, 1e150, -1e-300]
DTYPES = [">f8", "<f4", "<f2", "<i8", "<c16", "|b1", "<U3", "<M8[s]", "<f16", "|u1"]


def mutate_run(rng: Random, run: Path) -> None:
    """Change one to three things in a run directory."""
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        rng.choice([_json, _json, _json, _array, _array, _array, _bytes, _other_json, _missing, _swap])(
            rng, run
        )


def _json(rng: Random, run: Path) -> None:
    """Change a value of model.json, with its hash made right."""
    path = run / "model" / "model.json"
    if not path.parent.is_dir():
        return
    content = _content(path)
    content.pop("sha256", None)
    changed = _changed(rng, content)
    try:
        text = hashed(changed)
    except (TypeError, ValueError):
        text = json.dumps(changed)
    path.write_bytes(text.encode(errors="surrogatepass"))


def _other_json(rng: Random, run: Path) -> None:
    """Change a value of any JSON file, hashes as they were."""
    if found := sorted(run.rglob("*.json")):
        path = rng.choice(found)
        path.write_text(json.dumps(_changed(rng, _content(path))))


def _changed(rng: Random, content: Any) -> Any:
    """Return a JSON value with a part changed."""
    content = deepcopy(content)
    if not (found := places(content)):
        return rng.choice([None, [], 0, {}])
    path = rng.choice(found)
    holder, key = holder_of(content, path), path[-1]
    value = holder[key]
    match rng.randrange(6):
        case 0:
            del holder[key]
        case 1 if isinstance(value, float | int):
            holder[key] = rng.choice([value * 2, -value, value + 1, *_far(value)])
        case 2 if isinstance(value, list | str):
            holder[key] = rng.choice([value * 2, value[1:], value[::-1], value[:1]])
        case 3:
            other = rng.choice(found)
            holder[key] = deepcopy(holder_of(content, other)[other[-1]])
        case 4 if isinstance(holder, dict):
            holder[rng.choice(["unknown", "", f"{key}s"])] = holder.pop(key)
        case _:
            holder[key] = deepcopy(rng.choice(ODD))
    return content


def _far(value: float) -> list[float]:
    """Return numbers of other sizes than this one, or the largest where an integer is beyond float64."""
    try:
        return [value * 1e200, value / 1e200, value / 3]
    except OverflowError:
        return [float(np.finfo(float).max)]


def _content(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        content = {}
    return content if isinstance(content, dict) else {}


def _array(rng: Random, run: Path) -> None:
    """Change an array, and make its record right."""
    if not (found := sorted((run / "model").rglob("*.npy"))):
        return
    path = rng.choice(found)
    try:
        array = np.load(path)
    except (OSError, ValueError, EOFError, SyntaxError, TokenError):
        # A mutation before may have left what numpy has no word for.
        return
    if array.dtype.kind != "f" or not array.ndim:
        return
    with np.errstate(all="ignore"):
        array = _changed_array(rng, array)
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    path.write_bytes(buffer.getvalue())
    _record(run, path, array)


def _record(run: Path, path: Path, array: np.ndarray) -> None:
    """Make the record of an array right, and the hash of model.json."""
    file = run / "model" / "model.json"
    content = _content(file)
    content.pop("sha256", None)
    name = str(path.relative_to(run / "model").with_suffix(""))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    record = {"shape": list(array.shape), "dtype": array.dtype.str, "sha256": digest}
    if isinstance(content.get("arrays"), dict):
        content["arrays"][name] = record
        try:
            file.write_text(hashed(content))
        except (TypeError, ValueError):
            return


def _changed_array(rng: Random, array: np.ndarray) -> np.ndarray:
    flat = array.ravel().copy()
    match rng.randrange(8):
        case 0:
            return array.astype(rng.choice(DTYPES))
        case 1:
            return np.full_like(array, rng.choice(VALUES))
        case 2 if len(flat):
            flat[rng.randrange(len(flat))] = rng.choice(VALUES)
            return flat.reshape(array.shape)
        case 3:
            return rng.choice(
                [array[:-1], array[:0], array[None], flat, array.T, np.zeros(()), array[..., :1]]
            )
        case 4:
            return array * rng.choice([1e300, 1e-300, -1.0, 1e12, 3.0])
        case 5:
            return flat[rng.sample(range(len(flat)), len(flat))].reshape(array.shape)
        case 6:
            return np.asfortranarray(array)
    return np.concatenate([array, array])


def _bytes(rng: Random, run: Path) -> None:
    files = sorted(path for path in run.rglob("*") if path.is_file())
    if not files:
        return
    path = rng.choice(files)
    path.write_bytes(mutated_bytes(rng, path.read_bytes()))


def _missing(rng: Random, run: Path) -> None:
    if not (found := sorted(run.rglob("*"))):
        return
    path = rng.choice(found)
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
    if not any(run.rglob("*.*")) or rng.random() < 0.2:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"")


def _swap(rng: Random, run: Path) -> None:
    """Let two files of a kind change places."""
    suffix = rng.choice(["*.npy", "*.npy", "*.json", "*.csv", "*.yaml"])
    found = sorted(run.rglob(suffix))
    if len(found) > 1:
        one, other = rng.sample(found, 2)
        content = one.read_bytes()
        one.write_bytes(other.read_bytes())
        other.write_bytes(content)

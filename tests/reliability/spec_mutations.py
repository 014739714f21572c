"""Mutations of specs: of what they say, and of the bytes that say it."""

import json
from collections.abc import Callable
from copy import deepcopy
from random import Random
from typing import Any

import yaml

from ntkcli.commands.schema import schema
from tests.reliability.byte_mutations import mutated_bytes

NUMBERS = [
    0,
    -1,
    1,
    2,
    3,
    0.5,
    1e-9,
    1e-320,
    -0.0,
    10**19,
    1e308,
    10**400,
    float("inf"),
    float("nan"),
    -(10**30),
]
TEXTS = [
    "", " ", "y", "a", "auto", "inf", "none", "0x1F", "1e3", "1_000", "12:30:45", "2024-02-30", "~", "\0",
    "\x1b[31m", "\u2028", "é" * 40, "x" * 5000, "../..", "train.csv", "run", "${HOME}", "{a}", "*", "relu",
    "erf", "ntk", "\ud800",
]  # fmt: skip
ODD: list[Any] = [
    *NUMBERS,
    *TEXTS,
    None,
    True,
    False,
    [],
    {},
    [[]],
    {"a": {}},
    ["a", "a"],
    [1, "a", None],
    {"": 0},
]
# Bytes in the place of a part of the text.
PIECES = [
    b"\t", b"\xef\xbb\xbf", b"\0", b"\x07", b"\x85", b"\xe2\x80\xa8", b"\xff\xfe", b"&a ", b"*a",
    b"!!python/object:os.system ", b"!!binary ", b"---\n", b"...\n", b"%YAML 9.9\n", b"<<: *a\n",
    b"<<: {train: x}\n", b"? ", b"- ", b": ", b"{", b"}", b"[", b"]", b"|\n", b">\n", b"#", b"'", b'"',
    b"\r", b"\r\n", b"\n  ", b"extends: spec.yaml\n", b"extends: [other.yaml, other.yaml]\n",
    b"extends: train.csv\n", b"0o17", b"!!float 1", b"!!set {a}", b"!!timestamp 2024-01-01", b"@", b"`",
    b"\\x00",
]  # fmt: skip
ENCODINGS = ["utf-16", "utf-16-le", "utf-32", "latin-1", "cp1252", "utf-8-sig", "cp037"]

_SCHEMA: dict[str, Any] = json.loads(schema())


def mutated_spec(rng: Random, spec: dict[str, Any]) -> bytes:
    """Return the text of a spec with some mutations."""
    content: Any = deepcopy(spec)
    for _ in range(rng.choice([1, 1, 1, 1, 2, 3])):
        content = rng.choice(_OF_CONTENT)(rng, content)
    try:
        text = yaml.safe_dump(content, sort_keys=False, allow_unicode=rng.random() < 0.5)
    except (ValueError, RecursionError):
        text = yaml.safe_dump(spec)
    data = text.encode(errors="surrogatepass")
    for _ in range(rng.choice([0, 0, 0, 0, 0, 1, 1, 2])):
        data = rng.choice(_OF_TEXT)(rng, data)
    return data


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return where in a value there is anything, but the whole."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = []
    for key, part in items:
        found += [(*path, key), *places(part, (*path, key))]
    return found


def holder_of(content: Any, path: tuple[Any, ...]) -> Any:
    """Return the mapping or list that the last key of a path is of."""
    for key in path[:-1]:
        content = content[key]
    return content


def _at_a_place(change: Callable[[Random, Any, Any], None]) -> Callable[[Random, Any], Any]:
    def mutation(rng: Random, content: Any) -> Any:
        if found := places(content):
            # What is deep inside leaves most of a spec in force.
            path = max(rng.sample(found, min(2, len(found))), key=len)
            change(rng, holder_of(content, path), path[-1])
        return content

    return mutation


def _drop(_: Random, holder: Any, key: Any) -> None:
    del holder[key]


def _retype(rng: Random, holder: Any, key: Any) -> None:
    holder[key] = deepcopy(rng.choice(ODD))


def _recount(rng: Random, holder: Any, key: Any) -> None:
    """Put a likely number in the place of a number, and a likely text in that of a text."""
    value = holder[key]
    if isinstance(value, int | float):
        # An integer may be too large for a float.
        half = value // 2 if isinstance(value, int) else value / 2
        holder[key] = rng.choice([0, 0.1, 0.5, 1, 2, 3, 7, value * 2, half, -value])
    elif isinstance(value, str):
        holder[key] = rng.choice(
            ["a", "b", "c", "d", "g", "n", "y", "auto", "ntk", "nngp", "erf", "inf", "none"]
        )


def _rename(rng: Random, holder: Any, key: Any) -> None:
    if isinstance(holder, dict):
        others = [f"{key}s", str(key)[:-1], str(key).upper(), *TEXTS, 1, None, True]
        holder[rng.choice(others)] = holder.pop(key)


def _wrap(rng: Random, holder: Any, key: Any) -> None:
    for _ in range(rng.choice([1, 2, 30, 300])):
        holder[key] = [holder[key]] if rng.random() < 0.5 else {str(key): holder[key]}


def _list(rng: Random, holder: Any, key: Any) -> None:
    holder[key] = [holder[key], deepcopy(rng.choice([holder[key], *ODD]))]


def _move(rng: Random, content: Any) -> Any:
    found = places(content)
    if len(found) < 2:
        return content
    one, other = rng.sample(found, 2)
    value = deepcopy(holder_of(content, one)[one[-1]])
    holder_of(content, other)[other[-1]] = value
    return content


def _known_key(rng: Random, content: Any) -> Any:
    """Give a key that the schema knows some value."""
    if not isinstance(content, dict):
        return content
    name, definition = rng.choice(list(_SCHEMA["properties"].items()))
    value, section = _instance(rng, definition, 0), content.get(name)
    if isinstance(section, dict) and isinstance(value, dict):
        section.update(value)
    else:
        content[name] = value
    return content


def _instance(rng: Random, definition: dict[str, Any], depth: int) -> Any:
    """Return a value that a part of the schema might allow."""
    if "$ref" in definition:
        return _instance(rng, _SCHEMA["$defs"][definition["$ref"].rsplit("/", 1)[-1]], depth + 1)
    options = definition.get("anyOf") or definition.get("oneOf") or definition.get("allOf")
    if options and depth < 12:
        return _instance(rng, rng.choice(options), depth + 1)
    if "const" in definition or "enum" in definition:
        return rng.choice(definition.get("enum") or [definition["const"]])
    if definition.get("examples") and rng.random() < 0.5:
        return deepcopy(rng.choice(definition["examples"]))
    match definition.get("type"):
        case "object" if definition.get("properties"):
            names = rng.sample(list(definition["properties"]), 1)
            return {name: _instance(rng, definition["properties"][name], depth + 1) for name in names}
        case "array" if isinstance(definition.get("items"), dict):
            return [_instance(rng, definition["items"], depth + 1) for _ in range(rng.choice([0, 1, 2]))]
        case "string":
            return rng.choice(["a", "b", "y", "auto", *TEXTS])
        case "integer" | "number":
            return rng.choice([rng.choice([1, 2, 3]), round(rng.random(), 3), rng.choice(NUMBERS)])
        case "boolean":
            return rng.random() < 0.5
    return deepcopy(rng.choice(ODD))


def _insert(rng: Random, data: bytes) -> bytes:
    at = rng.choice([0, rng.randint(0, len(data)), data.rfind(b" ", 0, rng.randint(0, len(data))) + 1])
    return data[:at] + rng.choice(PIECES) + data[at:]


def _double_line(rng: Random, data: bytes) -> bytes:
    lines = data.splitlines(keepends=True)
    if lines:
        lines.insert(rng.randint(0, len(lines)), rng.choice(lines))
    return b"".join(lines)


def _recode(rng: Random, data: bytes) -> bytes:
    return data.decode(errors="replace").encode(rng.choice(ENCODINGS), errors="replace")


def _nest(rng: Random, data: bytes) -> bytes:
    depth = rng.choice([10, 1000, 50_000])
    return data + rng.choice([b"x: " + b"[" * depth, b"x: " + b"{a: " * depth, b"- " * depth])


def _alias(rng: Random, data: bytes) -> bytes:
    """References to references: ten to the power of nine leaves, or a value within itself."""
    bomb = b"".join(b"%c: &%c [%s]\n" % (c, c, b",".join([b"*%c" % (c - 1)] * 10)) for c in range(99, 108))
    return rng.choice(
        [b"b: &b [1]\n" + bomb + data, data + b"x: &x [*x]\n", b"output: &o {dir: *o}\n" + data]
    )


_OF_CONTENT: list[Callable[[Random, Any], Any]] = [
    *map(_at_a_place, (_drop, _retype, _recount, _recount, _recount, _rename, _wrap, _list)), _move,
    _known_key, _known_key, _known_key,
]  # fmt: skip
_OF_TEXT: list[Callable[[Random, bytes], bytes]] = [
    mutated_bytes, _insert, _insert, _double_line, _recode, _nest, _alias,
]  # fmt: skip

"""YAML scalars and their plain values: text, a number, a date, true, false or null."""

import reprlib
from typing import Any

import yaml

STANDARD = "tag:yaml.org,2002:"
NAMES = ("null", "bool", "int", "float", "binary", "timestamp", "str")
TAGS = frozenset(STANDARD + name for name in NAMES)

# The errors that PyYAML raises for a text that does not fit its tag, which depend on the tag.
MISFITS = (
    yaml.constructor.ConstructorError,
    ValueError,
    ArithmeticError,
    LookupError,
    AttributeError,
)


def scalar_value(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> Any:
    """Return the plain value of a scalar; 007, 0x1f and 12:30, integers to YAML, stay text.

    Raises:
        ConstructorError: its tag is not that of a plain value, or does not fit the text.
    """
    if node.tag not in TAGS:
        raise wrong_tag(node)
    # A path may have bytes that are no UTF-8, and a spec that ntk wrote has them as Python does.
    text = scalar_text(node, errors="surrogateescape")
    try:
        value = loader.construct_object(node)
        is_text = isinstance(value, str)
        is_integer = isinstance(value, int) and not isinstance(value, bool)
        return text if is_text or (is_integer and str(value) != text.removeprefix("+")) else value
    except MISFITS as error:
        what = "correct it, or write it in quotes, without a tag, if it is text"
        raise fault(node, f"{reprlib.repr(text)} is no {_shown_tag(node)}: {what}") from error


def scalar_text(node: yaml.ScalarNode, errors: str = "strict") -> str:
    """Return the text of a scalar, with surrogate pairs, which JSON may write, joined to characters.

    Args:
        node: the scalar.
        errors: how a lone surrogate is treated, as in `str.encode`.

    Raises:
        ConstructorError: it has a lone surrogate, which no file or name can hold.
    """
    text = str(node.value).encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    try:
        text.encode("utf-8", errors)
    except UnicodeEncodeError as error:
        what = "holds half a character (a lone surrogate): write the whole one"
        raise fault(node, f"{reprlib.repr(text)} {what}") from error
    return text


def wrong_tag(node: yaml.Node) -> yaml.constructor.ConstructorError:
    """Return the error for a tag that has no meaning in a spec."""
    return fault(node, f"the tag {_shown_tag(node)} has no meaning here: leave it out")


def fault(node: yaml.Node, what: str) -> yaml.constructor.ConstructorError:
    """Return the error for a node, at its line."""
    return yaml.constructor.ConstructorError(None, None, what, node.start_mark)


def _shown_tag(node: yaml.Node) -> str:
    return str(node.tag).replace(STANDARD, "!!")

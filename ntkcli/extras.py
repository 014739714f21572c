"""Extras: libraries that only some commands need, and that need not be installed."""

from importlib.util import find_spec


def is_installed(module: str) -> bool:
    """Return whether a module can be imported, without importing it."""
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):
        return False

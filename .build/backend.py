"""Builds the package as setuptools does, with man pages in the wheel, under share/man/man1."""

import sys
from pathlib import Path
from typing import Any

from setuptools import build_meta
from setuptools.build_meta import *  # noqa: F403 - all that a build backend has


def build_wheel(*arguments: Any, **options: Any) -> str:
    """Write the man pages, of the sources that the wheel is built from, and build it."""
    sys.path.insert(0, str(Path.cwd()))
    import man_pages

    man_pages.write(Path("build", "man"))
    wheel: str = build_meta.build_wheel(*arguments, **options)
    return wheel


def build_sdist(*arguments: Any, **options: Any) -> str:
    """Build the sdist with this folder, which its wheel is built by, in it."""
    manifest = Path("MANIFEST.in")
    if manifest.exists():
        sdist: str = build_meta.build_sdist(*arguments, **options)
        return sdist
    manifest.write_text("graft .build\nglobal-exclude *.pyc\n")
    try:
        return build_sdist(*arguments, **options)
    finally:
        manifest.unlink()

"""Sizes, durations and numbers as people read and write them."""

import re

SIZE = re.compile(r"\s*(\d{1,18}(?:\.\d*)?)\s*([KMGT]?)(i?)B?\s*", re.IGNORECASE | re.ASCII)


def bytes_of(text: str) -> int | None:
    """Return the bytes of a size such as 8GiB, 500MB or 1000; None of a text that is none."""
    found = SIZE.fullmatch(text)
    if not found:
        return None
    number, prefix, binary = found.groups()
    unit = 1024 if binary or not prefix else 1000
    return int(float(number) * unit ** " KMGT".index(prefix.upper() or " "))


def bytes_text(size: float) -> str:
    """Return a number of bytes in the largest binary unit of which there is at least one."""
    for exponent, unit in ((4, "TiB"), (3, "GiB")):
        if size >= 1024**exponent:
            return f"{size / 1024**exponent:.1f} {unit}"
    return f"{size / 1024**2:.0f} MiB" if size >= 1024**2 else f"{size / 1024:.0f} KiB"


def seconds_text(seconds: float) -> str:
    """Return a duration in seconds, minutes, hours or days, whichever suits its length."""
    if seconds < 90:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    hours = seconds / 3600
    return f"{hours:.1f} h" if hours < 72 else counted(round(hours / 24), "day")


def counted(number: int, noun: str) -> str:
    """Return a number with its noun in the singular or the plural, such as `1,000 rows`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def percent_text(share: float) -> str:
    """Return a share in percent, to two digits."""
    return f"{100 * share:.2g} %"

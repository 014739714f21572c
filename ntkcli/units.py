"""Sizes, durations and numbers as people read them."""


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

"""The factors of the features of a job, as lines for people."""

from collections.abc import Mapping

MOST = 10


def factor_lines(factors: Mapping[str, float]) -> list[str]:
    """Return a line with name and factor for each feature, the largest factor first.

    Of more than ten features the last line tells how many more there are, and their largest factor.

    Args:
        factors: of the features, as data.relevance has found them.
    """
    ordered = sorted(factors.items(), key=lambda item: -item[1])
    shown = [(name, f"{factor:.3g}") for name, factor in ordered[:MOST]]
    if len(ordered) > MOST:
        shown.append((f"and {len(ordered) - MOST} more", f"at most {ordered[MOST][1]:.3g}"))
    width = max(len(name) for name, _ in shown)
    return [f"{name:<{width}}  {factor}" for name, factor in shown]

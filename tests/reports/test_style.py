import re

from ntkcli.reports.style import COLOURS, KERNELS, LINES, MARKERS, series_styles


def test_colours_markers_and_lines_are_distinct() -> None:
    assert all(re.fullmatch("#[0-9a-f]{6}", colour) for colour in COLOURS)
    for kinds in (COLOURS, MARKERS, LINES):
        assert len(set(kinds)) == len(kinds)


def test_two_kernels_differ_in_colour_and_without() -> None:
    ntk, nngp = KERNELS["ntk"], KERNELS["nngp"]
    assert ntk.colour != nngp.colour
    assert ntk.marker != nngp.marker
    assert ntk.line != nngp.line
    assert ntk.filled != nngp.filled


def test_seven_series_differ_in_colour_and_in_marker() -> None:
    styles = series_styles(7)
    assert len({style.colour for style in styles}) == 7
    assert len({style.marker for style in styles}) == 7


def test_28_series_differ_as_lines() -> None:
    assert len({(style.colour, style.line) for style in series_styles(28)}) == 28

from io import BytesIO
from itertools import pairwise

import pytest
from matplotlib.figure import Figure

from ntkcli.errors import SpecError
from ntkcli.reports import figure as figures
from ntkcli.reports.figure import check_matplotlib, new_figure, save_figure

from .pictures import PICTURES

LINE = r"^--plot needs matplotlib: pip install 'ntkcli\[report\]'$"


@pytest.fixture(scope="module", params=list(PICTURES.values()), ids=list(PICTURES))
def laid_out(request: pytest.FixtureRequest) -> Figure:
    """Every picture, its parts in their places."""
    figure: Figure = request.param()
    figure.draw_without_rendering()
    return figure


def saved(figure: Figure) -> bytes:
    file = BytesIO()
    save_figure(figure, file)
    return file.getvalue()


def test_matplotlib_is_there() -> None:
    check_matplotlib()


def test_without_matplotlib_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "is_installed", lambda _: False)
    with pytest.raises(SpecError, match=LINE):
        check_matplotlib()


@pytest.mark.parametrize("name", ["learning curve", "time course", "predictions"])
def test_the_same_table_gives_the_same_bytes(name: str) -> None:
    assert saved(PICTURES[name]()) == saved(PICTURES[name]())


def test_a_file_has_the_size_of_its_figure_and_tells_neither_date_nor_program() -> None:
    content = saved(new_figure(2, 1))
    assert content.startswith(b"\x89PNG")
    assert [int.from_bytes(content[i : i + 4]) for i in (16, 20)] == [300, 150]
    assert not [chunk for chunk in (b"tEXt", b"iTXt", b"zTXt", b"tIME") if chunk in content]


def test_a_letter_that_the_font_lacks_is_no_fault() -> None:
    figure = new_figure(2, 1)
    figure.suptitle("\u5f37\u5ea6")
    assert saved(figure)


def test_legends_cover_no_data_and_stay_on_the_page(laid_out: Figure) -> None:
    for axes in laid_out.axes:
        legend = axes.get_legend()
        assert legend is not None
        box = legend.get_window_extent()
        assert box.y0 >= axes.get_window_extent().y1
        assert box.x1 <= laid_out.bbox.x1
        assert not [other for other in laid_out.axes if box.overlaps(other.get_window_extent())]


def test_labels_of_ticks_do_not_touch(laid_out: Figure) -> None:
    for axes in laid_out.axes:
        for axis, side in ((axes.xaxis, "x"), (axes.yaxis, "y")):
            texts = [label for label in axis.get_ticklabels() if label.get_text()]
            spans = sorted(
                (getattr(box, f"{side}0"), getattr(box, f"{side}1"))
                for box in (text.get_window_extent() for text in texts)
            )
            assert all(end < start for (_, end), (start, _) in pairwise(spans))


def test_every_axis_says_what_is_on_it(laid_out: Figure) -> None:
    assert all(axes.get_xlabel() and axes.get_ylabel() for axes in laid_out.axes)

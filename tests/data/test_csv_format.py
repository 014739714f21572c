"""CSV files as people write them, read by the keys of data.csv."""

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ntkcli.data.csv_file import CsvFile
from ntkcli.data.csv_parser import CsvParser
from ntkcli.data.remedies import OF_SPEC
from ntkcli.errors import DataError
from ntkcli.spec.csv_format import CsvFormat

Write = Callable[[str, str | bytes], Path]
Keys = dict[str, Any]

WAYS: dict[str, tuple[Keys, str | bytes]] = {
    "semicolons": ({"separator": ";"}, "a;b;n\n1;2.5;x\n-3;1e-3;y\n"),
    "tabs": ({"separator": "\t"}, "a\tb\tn\n1\t2.5\tx\n-3\t1e-3\ty\n"),
    "tabs and a blank at first": ({"separator": "\t"}, "n\ta\tb\nx\t1\t2.5\n \n\ny\t-3\t1e-3\n"),
    "spaces": ({"separator": " "}, "a b n\n1 2.5 x\n-3 1e-3 y\n"),
    "bars": ({"separator": "|"}, "a|b|n\n1|2.5|x\n-3|1e-3|y\n"),
    "decimal commas": ({"separator": ";", "decimal": ","}, "a;b;n\n1;2,5;x\n-3;1e-3;y\n"),
    "grouped digits": ({"thousands": " "}, "a,b,n\n1,2.5,x\n-3,1e-3,y\n"),
    "Latin-1": ({"encoding": "latin-1"}, "a,b,n\n1,2.5,x\n-3,1e-3,y\n".encode("latin-1")),
    "UTF-16": ({"encoding": "utf-16"}, "a,b,n\r\n1,2.5,x\r\n-3,1e-3,y\r\n".encode("utf-16")),
    "single quotes": ({"quote": "'"}, "a,'b',n\n'1',2.5,x\n-3,'1e-3','y'\n"),
    "comments at first": ({"comment": "#"}, "# 'by hand'\n#\"\na,b,n\n1,2.5,x\n-3,1e-3,y\n"),
    "comments of an old Macintosh": ({"comment": "#"}, "#\r#\ra,b,n\r1,2.5,x\r-3,1e-3,y\r"),
    "comments and a mark of bytes": ({"comment": "#"}, "\ufeff#\na,b,n\n1,2.5,x\n-3,1e-3,y\n"),
    "comments": ({"comment": "#"}, "# by hand\na,b,n\n#\n1,2.5,x\n#,,\n-3,1e-3,y\n# end"),
    "a comment mark unused": ({"comment": "#"}, "a,b,n\n1,2.5,x\n-3,1e-3,y\n"),
}
FAULTS: dict[str, tuple[Keys, str | bytes, str]] = {
    "after a comment": ({"comment": "#"}, "# one\na,b\n# two\n1,2\n1,red\n", "5: column 'b': found 'red'"),
    "after a comment in quotes": ({"comment": "#"}, '#\nn,b\n"x\n#y",2\nz,red\n', "5: column 'b'"),
    "after a coded line": ({"encoding": "utf-16"}, "a,b\n1,2\n1,red\n".encode("utf-16"), "3: column 'b'"),
    "with commas": ({}, "a;b\n1;2\n", "1: columns are separated by ';': set data.csv.separator: ';'"),
    "with quotes": ({}, '"a";"b"\n"1";"2"\n', "1: columns are separated by ';': set data.csv.separator: ';'"),
    "with tabs": ({}, "a\tb\n1\t2\n", "1: columns are separated by tabs: set data.csv.separator: tab"),
    "with spaces": ({}, "a b\n1 2\n", "1: columns are separated by spaces: set data.csv.separator: ' '"),
    "with semicolons": ({"separator": ";"}, "a,b\n1,2\n", "1: columns are separated by ',': set data."),
    "a decimal comma": ({"separator": ";"}, "a;b\n1;2,5\n", "2: column 'b': found '2,5' where a number is "
                        "wanted: set data.csv.decimal: ','"),
    "a decimal point": ({"separator": ";", "decimal": ","}, "a;b\n1;2\n1;2.5\n", "3: column 'b': found '2.5' "
                        "where a number is wanted: set data.csv.decimal: '.'"),
    "wrong groups": ({"thousands": ","}, 'a,b\n1,"1,234"\n2,"2,5"\n', "3: column 'b': found '2,5'"),
    "a number of no value": ({"na_values": ["-9"]}, "a,b\n1,2\n1,-9\n", "3: column 'b': found '-9' where a "
                             "number is wanted: fill the value in"),
    "a mark of no value": ({}, "a,b\n1,2\n1,-\n", "3: column 'b': found '-' where a number is wanted: set "
                           "data.csv.na_values: ['-'], or correct it"),
    "a comment": ({}, "a,b\n1,2\n# it\n1,3\n", "3: has 1 field where the header has 2: make them equal, "
                  "or set data.csv.comment: '#'"),
    "a comment at first": ({}, "# it\na,b\n1,3\n", "1: the header is a comment: set data.csv.comment: '#'"),
    "another quote": ({}, 'a,b\n1,2\n"x"y,3\n', "3: is not CSV: "),
    "another encoding": ({"encoding": "ascii"}, "a,b\n1,2\n1,\u00e9\n".encode("cp1252"), "3: is not UTF-8"),
    "not that encoding": ({"encoding": "cp1252"}, b"a,b\n1,2\n1,\x81\n", "3: is not text in cp1252"),
    "half a letter": ({"encoding": "utf-16-le"}, b"a\0,\0b\0\n\0" + b"1", "2: is not text in utf-16-le"),
    "a name twice": ({"comment": "#"}, "# it\n\na,a\n2,3\n", "3: column 'a' is there twice"),
    "a fault below a name with a mark": ({}, 'b|x,b\n1,2\n"x"y,2\n', "3: is not CSV"),
    "numbers twice": ({}, "1,0,1\n2,3,4\n", "1: column '1' is there twice: rename one of the two, or set "
                      "data.csv.header: none"),
}  # fmt: skip


def opened(path: Path, keys: Keys) -> CsvFile:
    return CsvFile(path, OF_SPEC, CsvFormat.model_validate(keys))


@pytest.mark.parametrize(("keys", "content"), WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("rows", [None, 1])
def test_a_file_reads_the_same_in_whatever_way_it_is_written(
    write: Write, keys: Keys, content: str | bytes, rows: int | None
) -> None:
    frame = pd.concat(opened(write("t.csv", content), keys).chunks(["a", "b"], ["n"], rows=rows))
    expected = CsvFile(write("plain.csv", "a,b,n\n1,2.5,x\n-3,1e-3,y\n")).read(["a", "b"], ["n"])
    pd.testing.assert_frame_equal(frame, expected)


@pytest.mark.parametrize(("keys", "content", "what"), FAULTS.values(), ids=FAULTS)
def test_what_a_key_would_mend_is_told_with_it(
    write: Write, keys: Keys, content: str | bytes, what: str
) -> None:
    path = write("t.csv", content)
    with pytest.raises(DataError) as refusal:
        opened(path, keys).read(["b"], [])
    assert str(refusal.value).startswith(f"{path}:{what}")


def test_a_quote_that_is_none_names_its_key(write: Write) -> None:
    with pytest.raises(DataError, match=r"write quotes in a cell twice, or set data\.csv\.quote"):
        CsvFile(write("t.csv", 'a,b\n"x"y,3\n')).read([], ["a"])


def test_without_a_header_columns_are_counted_and_the_first_line_is_a_row(write: Write) -> None:
    file = opened(write("t.csv", "5,x\n6,y\n"), {"header": "none"})
    assert file.columns == ["1", "2"]
    assert file.read(["1"], ["2"]).to_dict("list") == {"1": [5.0, 6.0], "2": ["x", "y"]}
    assert file.lines([0, 1]) == [1, 2]
    assert file.first_values(["1", "2"]) == {"1": "5", "2": "x"}
    assert [file.has_more(rows) for rows in (1, 2)] == [True, False]


def test_texts_without_a_value_are_gaps_among_numbers_and_stay_in_ids(write: Write) -> None:
    file = opened(write("t.csv", "a,id\n1,-\n-,-9\n-9.0,3\n"), {"na_values": ["-", "-9"]})
    frame = file.read(["a"], ["id"], missing=True)
    np.testing.assert_array_equal(frame["a"], [1.0, np.nan, np.nan])
    assert frame["id"].tolist() == ["-", "-9", "3"]


def test_the_first_value_is_none_that_stands_for_no_value(write: Write) -> None:
    file = opened(write("t.csv", "a;b\n-;2,5\n7;3\n"), {"separator": ";", "decimal": ",", "na_values": ["-"]})
    assert file.first_values(["a", "b"]) == {"a": "7", "b": "2,5"}
    assert file.texts(["a", "b"]) == []


@pytest.mark.parametrize("names", [("1", "2", "3"), ("x", "y", "z")])
def test_names_of_rows_as_r_writes_them_are_a_column_without_a_name(
    write: Write, names: tuple[str, ...]
) -> None:
    rows = "".join(f'"{name}",{i},{i * 2}\n' for i, name in enumerate(names))
    file = CsvFile(write("t.csv", '"a","b"\n' + rows))
    assert file.columns == ["", "a", "b"]
    assert file.read(["b"], [])["b"].tolist() == [0, 2, 4]


@pytest.mark.parametrize("rows", ["1,5,2\n2,5,3\n7,5,4\n", "x,1,2\nx,2,3\n", "x,1,\ny,2,\n", "x,1,2\n"])
def test_other_rows_with_a_field_more_are_ragged(write: Write, rows: str) -> None:
    with pytest.raises(DataError, match=r"t\.csv:2: has 3 fields where the header has 2"):
        CsvFile(write("t.csv", "a,b\n" + rows))


CELLS = st.text(st.sampled_from("12.,;# \t'\"-x\n"), max_size=5)
FORMS = st.fixed_dictionaries(
    {
        "separator": st.sampled_from([",", ";", "\t", " ", "|"]),
        "decimal": st.sampled_from([".", ","]),
        "quote": st.sampled_from(['"', "'"]),
        "comment": st.sampled_from([None, "#"]),
        "header": st.sampled_from(["first", "none"]),
        "na_values": st.sampled_from([[], ["-"], ["-1", "x"]]),
        "encoding": st.sampled_from(["utf-8", "utf-16", "latin-1"]),
    }
).filter(lambda keys: keys["separator"] != keys["decimal"])


def outcome(path: Path, keys: Keys, numbers: list[int], *, missing: bool) -> pd.DataFrame | str:
    try:
        file = opened(path, keys)
        wanted = [file.columns[place] for place in numbers]
        return file.read(wanted, [name for name in file.columns if name not in wanted], missing=missing)
    except (DataError, IndexError) as error:
        return str(error)


@settings(max_examples=400)
@given(
    keys=FORMS,
    rows=st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=4),
    numbers=st.sampled_from([[], [1], [1, 2], [0]]),
    missing=st.booleans(),
)
def test_both_readers_read_the_same(
    tmp_path_factory: pytest.TempPathFactory,
    keys: Keys,
    rows: list[tuple[str, str, str]],
    numbers: list[int],
    missing: bool,
) -> None:
    memory = io.StringIO()
    names = [] if keys["header"] == "none" else [("a", "b", "c")]
    writer = csv.writer(memory, delimiter=keys["separator"], quotechar=keys["quote"], lineterminator="\n")
    writer.writerows(names + rows)
    path = tmp_path_factory.getbasetemp() / "ways.csv"
    path.write_bytes(memory.getvalue().encode(keys["encoding"]))
    found = outcome(path, keys, numbers, missing=missing)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CsvParser, "skipped", None)
        expected = outcome(path, keys, numbers, missing=missing)
    if isinstance(found, str) or isinstance(expected, str):
        assert found == expected
    else:
        pd.testing.assert_frame_equal(found, expected)

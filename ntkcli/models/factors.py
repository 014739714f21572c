"""Factorisations as arrays and numbers, and back."""

from typing import Any

import numpy as np

from ntkcli.arrays import Allocate, FloatArray
from ntkcli.errors import DataError
from ntkcli.inference.flow import CholeskyFlow, Flow, SpectralFlow
from ntkcli.inference.lanczos_flow import LanczosFlow
from ntkcli.linalg.blocks import SymmetricBlocks
from ntkcli.linalg.cholesky import Cholesky
from ntkcli.linalg.spectrum import Spectrum
from ntkcli.models.array_files import AGAIN, ArrayReader, ArrayWriter
from ntkcli.models.model_file import FactorRecord


def write_factor(flow: Flow, name: str, arrays: ArrayWriter) -> FactorRecord:
    """Write what a flow has factored as arrays called NAME."""
    match flow:
        case CholeskyFlow(factor=factor):
            arrays.write(name, factor.lower.flat)
            return FactorRecord(kind="cholesky", numbers={})
        case LanczosFlow(factor=factor):
            arrays.write(name, factor.lower.flat)
            numbers = {"pole": flow.pole, "tolerance": flow.tolerance, "rounding": flow.rounding}
            return FactorRecord(kind="lanczos", numbers=numbers)
        case SpectralFlow(spectrum=spectrum):
            arrays.write(name, spectrum.vectors)
            arrays.write(f"{name}_eigenvalues", spectrum.eigenvalues)
            return FactorRecord(kind="eigh", numbers={"smallest": spectrum.smallest})
    raise TypeError(f"{type(flow).__name__} cannot be stored")


def read_factor(
    record: FactorRecord, name: str, n: int, ridge: float, arrays: ArrayReader, dtype: str
) -> Flow:
    """The flow that `write_factor` wrote, for n rows; its arrays stay on the disk until they are used.

    Raises:
        DataError: an array is missing, damaged, or of another size.
    """
    try:
        if record.kind == "eigh":
            vectors = arrays.read(name, n, n, mapped=True)
            eigenvalues = arrays.read(f"{name}_eigenvalues", n)
            return SpectralFlow(Spectrum.known(eigenvalues, vectors, record.numbers["smallest"]), ridge)
        flat = arrays.read(name, -1, mapped=True)
        factor = Cholesky(
            SymmetricBlocks(n, dtype=dtype, allocate=_given(flat, arrays, name)), is_factored=True
        )
        if record.kind == "cholesky":
            return CholeskyFlow(factor)
        numbers = record.numbers
        # Models of before that was known have no `rounding`.
        return LanczosFlow(factor, numbers["pole"], numbers["tolerance"], numbers.get("rounding", 0.0))
    except KeyError as error:
        raise DataError(
            f"{arrays.folder / 'model.json'}: is damaged: {name} lacks {error}: {AGAIN}"
        ) from error


def _given(flat: FloatArray, arrays: ArrayReader, name: str) -> Allocate:
    """Memory that is there already."""

    def allocate(size: int, dtype: np.dtype[Any]) -> FloatArray:
        if (len(flat), flat.dtype) != (size, dtype):
            raise DataError(f"{arrays.folder / name}.npy: is not the factor of the model's rows: {AGAIN}")
        return flat

    return allocate

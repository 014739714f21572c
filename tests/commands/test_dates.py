"""Commands on tables with dates."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ntkcli.spec.file import read_spec

from .approximations import nystrom, read_in_parts
from .run_files import Fit, MakeSpec, Ntk, Write, load_json
from .test_check import texts_of
from .test_evaluate import evaluated
from .test_predict import assert_same, fitted, predicted

PARTS = ["month", "hour", "days"]
DATES: dict[str, Any] = {"dates": {"when": PARTS}}


def dated_rows(count: int, seed: int) -> pd.DataFrame:
    """Hours of a few years, of which the target follows the season and the time of day."""
    rng = np.random.default_rng(seed)
    hours = np.sort(rng.choice(3 * 365 * 24, count, replace=False))
    when = np.datetime64("2019-01-01") + hours.astype("timedelta64[h]")
    y = np.cos(2 * np.pi * hours / 24) + np.sin(2 * np.pi * hours / 8766) + 0.1 * rng.normal(size=count)
    table = pd.DataFrame({"when": when.astype(str), "n": rng.normal(size=count), "y": y})
    return table.sample(frac=1, random_state=seed)


@pytest.fixture
def fit_dated(fit: Fit, write: Write) -> Callable[..., Path]:
    write("dated.csv", dated_rows(60, 1).to_csv(index=False))
    write("later.csv", dated_rows(25, 2).to_csv(index=False))

    def fit_rows(**sections: dict[str, Any]) -> Path:
        data = {"train": "dated.csv", "test": "later.csv", **DATES, **sections.pop("data", {})}
        return fit(data=data, **{"inference": {"ridge": 0.05}, **sections})

    return fit_rows


@pytest.mark.parametrize("data", [DATES, {"dates": "auto"}, {"relevance": "learned"}], ids=str)
def test_new_dates_are_read_as_in_the_fit(
    fit_dated: Callable[..., Path], ntk: Ntk, tmp_path: Path, data: dict[str, Any]
) -> None:
    run = fit_dated(data=data)
    assert_same(predicted(ntk, tmp_path, "later.csv"), fitted(run))
    scores = load_json(run / "metrics.json")["scores"]
    assert evaluated(ntk, "later.csv")["scores"][0]["rmse"] == pytest.approx(scores[0]["rmse"], rel=1e-9)
    assert scores[0]["r2"] > 0.2


def test_a_date_is_one_feature_with_one_factor_and_one_importance(
    fit_dated: Callable[..., Path], ntk: Ntk
) -> None:
    run = fit_dated(data={"relevance": "learned"})
    assert [*read_spec(run / "spec.yaml").spec.data.factors] == ["when", "n"]
    found = evaluated(ntk, "later.csv", "--importance")["importance"]["features"]
    assert [each["feature"] for each in found] == ["when", "n"]


def test_other_cells_of_new_rows_are_refused_with_their_lines(
    fit_dated: Callable[..., Path], ntk: Ntk, write: Write
) -> None:
    fit_dated()
    write("new.csv", "when,n\n2021-01-01,1\n01/02/2021,2\nsoon,3\n")
    outcome = ntk("predict", "run", "new.csv")
    assert outcome.returncode == 3
    *notes, first, second = outcome.stderr.splitlines()
    assert all(note.startswith("ntk: std: ") for note in notes)
    assert first.endswith(
        "new.csv:3: column 'when': found '01/02/2021' where a date (YYYY-MM-DD) is wanted: correct it, or "
        "drop the row"
    )
    assert "new.csv:4: column 'when': found 'soon'" in second


def test_check_tells_what_a_date_becomes(make_spec: MakeSpec, ntk: Ntk, write: Write) -> None:
    write("train.csv", dated_rows(60, 1).to_csv(index=False))
    outcome = ntk("check", make_spec(data={"test": None, **DATES}))
    assert texts_of(outcome.stdout)["encoding"] == [
        f"when: date (YYYY-MM-DD) as month, hour, days since {min(dated_rows(60, 1)['when'])[:10]}"
    ]


def test_a_model_that_was_written_before_there_were_dates_is_read(fit: Fit, ntk: Ntk, tmp_path: Path) -> None:
    run = fit()
    path = run / "model" / "model.json"
    content = json.loads(path.read_text())
    for feature in content["data"]["features"]:
        del feature["date"]
    del content["sha256"]
    path.write_text(json.dumps({**content, "format": 4}))
    assert_same(predicted(ntk, tmp_path), fitted(run))


def test_a_search_reads_dates(make_spec: MakeSpec, ntk: Ntk, write: Write, tmp_path: Path) -> None:
    write("train.csv", dated_rows(60, 1).to_csv(index=False))
    spec = make_spec(
        data={"test": None, **DATES}, tune={"validation": {"folds": 3}, "space": {"network.depth": [2, 3]}}
    )
    outcome = ntk("tune", spec, "-qq")
    assert outcome.returncode == 0, outcome.stderr
    assert read_spec(tmp_path / "run-tune" / "best.yaml").spec.data.dates == {"when": PARTS}
    assert (tmp_path / "run-tune" / "fit" / "model" / "model.json").is_file()


@pytest.mark.parametrize("data", [DATES, {"dates": "auto"}], ids=str)
def test_an_approximation_has_the_dates_of_a_file_in_parts(
    fit_dated: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, data: dict[str, Any]
) -> None:
    found = []
    for read_rows in (7, 50):
        read_in_parts(monkeypatch, read_rows, held=20)
        run = fit_dated(data=data, inference=nystrom(10))
        found.append((run / "predictions.csv").read_bytes())
    assert found[0] == found[1]
    (feature, _) = load_json(run / "model" / "model.json")["data"]["features"]
    assert feature["date"]["order"] == "year first"

"""The fitting of features to training rows: the kind of every column, what fills its gaps, and its scale."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from ntkcli.arrays import BoolArray, FloatArray
from ntkcli.data.cells import check_filled, is_missing
from ntkcli.data.date_encoding import DateEncoding
from ntkcli.data.faults import Fault
from ntkcli.data.feature import Feature
from ntkcli.data.features import FeatureRules, Features
from ntkcli.data.log_scale import LogScale
from ntkcli.data.scaling import Scaling, constant_columns
from ntkcli.data.table_error import FaultList, TableError
from ntkcli.data.table_file import TableFile
from ntkcli.data.text_feature import text_feature
from ntkcli.errors import DataError
from ntkcli.spec.data import DataSpec


def find_features(
    frame: pd.DataFrame, names: list[str], dates: list[str], file: TableFile, spec: DataSpec
) -> list[Feature]:
    """Return the kind of each feature column, by the training rows.

    Args:
        frame: the training rows, with numbers where a column is one of numbers, and text elsewhere.
        names: of the feature columns.
        dates: those of them that hold dates.
        file: that the rows are from.
        spec: has the categorical columns, those whose logarithm is taken (none where that is auto: what it
            stands for is chosen above), and whether values may be missing.

    Raises:
        TableError: columns of text do not look like categories, or cells hold no value.
    """
    faults, found = FaultList(file.path), []
    # Of many columns most are numbers as they are, which need not be looked at one by one.
    logs = [] if spec.log == "auto" else spec.log
    are_numbers = set(frame.columns[frame.dtypes == np.float64]).difference(logs)
    if spec.gaps.allows_gaps:
        are_numbers = set()
    for name in names:
        if name in are_numbers:
            found.append(Feature(name=name))
            continue
        with faults.collecting():
            found.append(_feature(frame[name], file, spec, is_date=name in dates))
    faults.check()
    return found


def _feature(cells: pd.Series, file: TableFile, spec: DataSpec, *, is_date: bool) -> Feature:
    name, rule = str(cells.name), spec.gaps.rule(str(cells.name))
    is_number, gaps = cells.dtype == np.float64, is_missing(cells)
    if rule == "error":
        check_filled(cells, file)
    if rule == "category" and (is_number or is_date) and not gaps.all():
        what = f"holds {'numbers' if is_number else 'dates'}, whose gaps are no category: use mean in "
        what += f"data.missing.{name}, with indicator: true for a column that tells where gaps are"
        raise TableError(file.path, [Fault(None, f"column {name!r} {what}", name)])
    indicator = spec.gaps.indicator and rule == "mean" and bool(gaps.any())
    if is_number:
        return Feature(name=name, log=_log(name, cells.to_numpy(), spec), indicator=indicator)
    if spec.log != "auto" and name in spec.log:
        what = f"column {name!r} (data.log) holds text, which has no logarithm"
        raise TableError(file.path, [Fault(None, what, name)])
    if is_date:
        date = DateEncoding.of(cells, file, spec.dated.get(name))
        return Feature(name=name, kind="date", date=date, indicator=indicator)
    found = text_feature(cells, file, listed=name in spec.categorical, gap=rule)
    return found.model_copy(update={"indicator": indicator and found.kind == "boolean"})


def _log(name: str, values: FloatArray, spec: DataSpec) -> LogScale | None:
    if spec.log == "auto" or name not in spec.log or np.isnan(values).all():
        return None
    return LogScale.of(values)


def fit_features(
    found: list[Feature],
    encoded: FloatArray,
    file: TableFile,
    spec: DataSpec,
    counts: FloatArray | None = None,
) -> tuple[Features, list[str]]:
    """Fit means and scales to the training rows; constant features are dropped if columns are standardised.

    Args:
        found: the features, as `find_features` returns them.
        encoded: the training rows (rows, columns), NaN where a value is missing.
        file: that they are from.
        spec: says whether to standardise, and what becomes of missing values.
        counts: how often each row is there, (rows,), where columns are numbers alone; None for once.

    Returns:
        The features, and a warning for each one dropped.

    Raises:
        DataError: a column has no value, all are constant, one is too large to standardise, or one lacks its
            factor.
    """
    fill = _means(found, encoded, file, spec)
    filled = np.where(np.isnan(encoded), fill, encoded)
    kept = _varying(found, filled) if spec.standardize else found
    if not kept:
        names = ", ".join(feature.name for feature in found)
        raise DataError(f"{file.path}: every feature is constant ({names}): nothing to learn from")
    warnings = [f"{file.path}: {what} is constant and was dropped" for what in _dropped(found, kept)]
    chosen = columns_of(found, kept)
    scaling = _scaling(kept, filled[:, chosen], file, counts, standardize=spec.standardize)
    equal = np.ones(int(chosen.sum()))
    features = Features(kept, FeatureRules.of(spec), fill[chosen], scaling, relevance=equal)
    return features.weighted(_given_factors(kept, file, spec)), warnings


def _given_factors(features: list[Feature], file: TableFile, spec: DataSpec) -> FloatArray:
    """Return the factor of every feature, (features,), 1 where the spec gives none."""
    given = spec.factors
    for feature in features:
        if given and feature.name not in given:
            raise DataError(
                f"{file.header}: column {feature.name!r} is a feature, and has no factor in data.relevance: "
                "give it one, such as 1, or leave the column out with data.features"
            )
    return np.array([given.get(feature.name, 1.0) for feature in features])


def _varying(found: list[Feature], filled: FloatArray) -> list[Feature]:
    """Return the features that are not constant, without the parts that are."""
    varying = [feature.varying(constant_columns(part)) for feature, part in _parts(found, filled)]
    return [feature for feature in varying if feature]


def _dropped(found: list[Feature], kept: list[Feature]) -> Iterator[str]:
    """Yield what was dropped: columns, and parts of the dates in them."""
    by_name = {feature.name: feature for feature in kept}
    for feature in found:
        if feature.name not in by_name:
            yield f"column {feature.name!r}"
        elif feature.date and (date := by_name[feature.name].date):
            for part in feature.date.parts:
                if part not in date.parts:
                    yield f"the {part} of column {feature.name!r}"


def columns_of(features: list[Feature], kept: list[Feature]) -> BoolArray:
    """Return which encoded columns of some features those have that are kept of them, (columns,)."""
    names = {(feature.name, column) for feature in kept for column in feature.columns}
    return np.array([(feature.name, column) in names for feature in features for column in feature.columns])


def _means(features: list[Feature], encoded: FloatArray, file: TableFile, spec: DataSpec) -> FloatArray:
    missing = np.isnan(encoded)
    for feature, part in _parts(features, missing.astype(np.float64)):
        if part.all():
            raise DataError(
                f"{file.path}: column {feature.name!r} is empty in every row: leave it out with data.features"
            )
    with np.errstate(over="ignore"):
        means = np.asarray(np.nanmean(encoded, axis=0))
    for feature, part in _parts(features, means[None]):
        if spec.gaps.rule(feature.name) == "mean" and not np.isfinite(part).all():
            raise DataError(
                f"{file.path}: column {feature.name!r} is too large for its mean: give it another unit"
            )
    return means


def _scaling(
    features: list[Feature],
    values: FloatArray,
    file: TableFile,
    counts: FloatArray | None,
    *,
    standardize: bool,
) -> Scaling:
    """Scale to mean 0, and to variance 1 for every feature: the columns of a category share one scale.

    A rare category then gets no larger values than others, and a category of two equals a boolean. Of a date,
    every part has variance 1, and the two columns of one that is a point on a circle share a scale.
    """
    if not standardize:
        return Scaling.identity(values.shape[1])
    with np.errstate(over="ignore", invalid="ignore"):
        scaling = Scaling.standard(values, counts)
    for feature, place in _places(features):
        if not np.isfinite([scaling.mean[place], scaling.scale[place]]).all():
            raise DataError(
                f"{file.path}: column {feature.name!r} is too large to standardise: give it another unit"
            )
        for shared in _shared(feature, place.start):
            scaling.scale[shared] = np.sqrt(values[:, shared].var(axis=0).sum())
    return scaling


def _shared(feature: Feature, start: int) -> Iterator[slice]:
    """Yield the places of the columns that share a scale, of which there are several."""
    for width in feature.widths:
        if width > 1:
            yield slice(start, start + width)
        start += width


def _places(features: list[Feature]) -> Iterator[tuple[Feature, slice]]:
    start = 0
    for feature in features:
        stop = start + len(feature.columns)
        yield feature, slice(start, stop)
        start = stop


def _parts(features: list[Feature], values: FloatArray) -> Iterator[tuple[Feature, FloatArray]]:
    for feature, place in _places(features):
        yield feature, values[:, place]

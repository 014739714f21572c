"""The part of `ntk check` that tells what the data is, and what is asked of it."""

from collections.abc import Iterator

from ntkcli.commands.finding import Finding, below
from ntkcli.data.table import Schema
from ntkcli.jobs.factors import factor_lines
from ntkcli.jobs.job import Job
from ntkcli.jobs.network import setting_text
from ntkcli.units import counted

# What becomes of cells without a value, by the rule for them; columns that are told.
FATES = {
    "error": "refused",
    "drop": "which are left out",
    "mean": "filled with the mean",
    "category": "a category of their own",
}
MOST_GAPS = 10
ASKED = {"none": "mean", "variance": "mean and std", "covariance": "mean and covariance"}


def data_findings(job: Job) -> Iterator[Finding]:
    """Yield the sizes of the data, its gaps, and how columns are encoded that are not plain numbers."""
    sizes, schema = job.sizes, job.dataset.schema
    test_rows = sizes.m if job.dataset.has_test_rows else 0
    test = counted(test_rows, "test row") if test_rows else "no test rows"
    targets = f"{sizes.k} classes" if schema.targets.classes else counted(sizes.k, "target")
    content = {
        "training_rows": sizes.n,
        "test_rows": test_rows,
        "features": sizes.d,
        "targets": schema.targets.names,
        "classes": schema.targets.classes,
    }
    yield Finding(
        "data",
        f"{counted(sizes.n, 'training row')}, {test}, {counted(sizes.d, 'feature')}, {targets}",
        {"data": content},
    )
    yield from _gaps(job)
    yield from below("encoding", _encodings(schema), "encoding")


def asked_findings(job: Job) -> Iterator[Finding]:
    """Yield the factors of the features, the network, and what is to be predicted."""
    if job.spec.data.relevance != "equal":
        factors = job.dataset.schema.features.factors
        for i, text in enumerate(factor_lines(factors)):
            content = {} if i else {"factors": {name: float(factor) for name, factor in factors.items()}}
            yield Finding("" if i else "factors", text, content)
    network = job.spec.network
    activations = [setting_text(setting) for setting in network.activations]
    yield Finding(
        "network",
        f"{', '.join(dict.fromkeys(activations)) or 'linear'}, depth {network.depth}",
        {"network": {"depth": network.depth, "activations": activations}},
    )
    uncertainty, dtype = job.question.uncertainty, job.spec.compute.dtype
    yield Finding(
        "asked",
        f"{ASKED[uncertainty]}, in {dtype}",
        {"asked": {"uncertainty": uncertainty, "dtype": dtype}},
    )


def _gaps(job: Job) -> Iterator[Finding]:
    """Yield how many gaps the columns of the training file have, and what becomes of them."""
    gaps, spec = job.dataset.gaps, job.spec.data
    found = [
        {
            "column": name,
            "rows": count,
            "rule": spec.gaps.target if name in spec.target else spec.gaps.rule(name),
        }
        for name, count in gaps.counts.most_common()
    ]
    for i, gap in enumerate(found[:MOST_GAPS]):
        # A column that says which rows are predicted does so of those without a target too.
        is_only_untrained = spec.split_columns and gap["column"] in spec.target
        fate = "which are not trained with" if is_only_untrained else FATES[str(gap["rule"])]
        text = f"{gap['column']}: {gap['rows']:,} of {counted(gaps.rows, 'row')}, {fate}"
        yield Finding("" if i else "missing", text, {} if i else {"missing": found})
    if more := len(found[MOST_GAPS:]):
        yield Finding("", f"... and {counted(more, 'more column')}")


def _encodings(schema: Schema) -> Iterator[str]:
    """Yield how columns are encoded, where they are not plain numbers."""
    yield from (
        str(feature) for feature in schema.features.features if str(feature) != f"{feature.name}: number"
    )
    if schema.targets.is_classification:
        yield f"{schema.targets.names[0]} (target): {', '.join(schema.targets.classes)}"
    yield from (f"{text}; its median is predicted" for text in schema.targets.transforms.texts)
    if schema.weights:
        yield str(schema.weights)

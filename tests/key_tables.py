"""Write the tables of keys into docs: `make docs`. What they say stands beside the fields in ntkcli/spec.

In a page, a table is between `<!-- keys of SECTION -->` and `<!-- end of keys -->`.
"""

import re
from pathlib import Path

from ntkcli.spec.approximation import NystromSpec
from ntkcli.spec.data import DataSpec
from ntkcli.spec.inference import InferenceSpec
from ntkcli.spec.network import NetworkSpec
from ntkcli.spec.reference import key_table
from ntkcli.spec.section import Section
from ntkcli.spec.simulate import SimulateSpec
from ntkcli.spec.spec import ComputeSpec, OutputSpec
from ntkcli.spec.tune import TuneSpec

DOCS = Path(__file__).parent.parent / "docs"
SECTIONS: dict[str, type[Section]] = {
    "data": DataSpec,
    "network": NetworkSpec,
    "inference": InferenceSpec,
    "inference.approximation": NystromSpec,
    "output": OutputSpec,
    "compute": ComputeSpec,
    "tune": TuneSpec,
    "simulate": SimulateSpec,
}
TABLE = re.compile(r"(<!-- keys of (\S+) -->\n)(.*?)(<!-- end of keys -->)", flags=re.DOTALL)


def with_tables(page: str) -> str:
    """Return the text of a page with its tables as they should be."""
    return TABLE.sub(lambda found: f"{found[1]}\n{key_table(SECTIONS[found[2]])}\n{found[4]}", page)


def main() -> None:
    for page in sorted(DOCS.glob("*.md")):
        text = page.read_text(encoding="utf-8")
        page.write_text(with_tables(text), encoding="utf-8")


if __name__ == "__main__":
    main()

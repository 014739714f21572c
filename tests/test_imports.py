"""Who may import whom, read from the source."""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

import ntkcli

PACKAGE = Path(ntkcli.__file__).parent
HEAVY = ["numpy", "pandas", "scipy", "pydantic", "yaml", "threadpoolctl", "matplotlib"]
# From the ground up: a floor imports from itself and from those before it.
FLOORS = [
    [
        "errors",
        "arrays",
        "extras",
        "files",
        "interruption",
        "journal",
        "layout",
        "streams",
        "units",
    ],
    ["keeping"],
    ["address_space"],
    ["linalg"],
    ["kernels"],
    ["inference"],
    ["solvers"],
    ["regression"],
    ["planning"],
    ["spec"],
    ["data"],
    ["drafts"],
    ["results"],
    ["cluster"],
    ["stores"],
    ["jobs"],
    ["runs"],
    ["models"],
    ["tuning"],
    ["simulation"],
    ["spectra"],
    ["reports"],
    ["estimators"],
    ["commands"],
    ["terminal"],
    ["cli"],
    ["__main__"],
]
# Arrays and numbers only.
MATHS = ["linalg", "kernels", "inference", "solvers", "regression"]
OUTSIDE_THE_MATHS = ["os", "pathlib", "shutil", "tempfile", "click", "pydantic", "yaml", "pandas"]


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


SOURCES = {module_name(path): path.read_text(encoding="utf-8") for path in sorted(PACKAGE.rglob("*.py"))}


def imported(nodes: Iterable[ast.AST]) -> set[str]:
    """What import statements name: `from a import b` counts as a and as a.b, since b may be a module."""
    names: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            names.update([module, *(f"{module}.{alias.name}" for alias in node.names)])
    return names


def run_on_import(node: ast.AST) -> Iterator[ast.AST]:
    """The statements that importing a module executes: not those in functions, nor for type checkers."""
    for child in ast.iter_child_nodes(node):
        for_types = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
        if not for_types and not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield child
            yield from run_on_import(child)


def all_imports(module: str) -> set[str]:
    return imported(ast.walk(ast.parse(SOURCES[module])))


def imports_on_import(module: str) -> set[str]:
    return imported(run_on_import(ast.parse(SOURCES[module])))


def within(name: str, packages: Iterable[str]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def modules_of(*packages: str) -> list[str]:
    modules = [module for module in SOURCES if within(module, [f"ntkcli.{package}" for package in packages])]
    assert len(modules) > len(packages), f"no modules in {packages}"
    return modules


def offences(modules: Iterable[str], forbidden: Iterable[str]) -> list[str]:
    forbidden = list(forbidden)
    return [
        f"{module} imports {name}"
        for module in modules
        for name in sorted(all_imports(module))
        if within(name, forbidden)
    ]


def loaded_with(module: str) -> set[str]:
    """Everything that importing a module imports, by way of this package's own modules."""
    found: set[str] = set()
    waiting = {module}
    while waiting:
        name = waiting.pop()
        parents = {".".join(name.split(".")[:i]) for i in range(1, name.count(".") + 1)}
        new = (parents | (imports_on_import(name) if name in SOURCES else set())) - found
        found |= new
        waiting |= new
    return found


def heavy_ones(module: str) -> list[str]:
    return [name for name in sorted(loaded_with(module)) if within(name, HEAVY)]


def test_imports_are_absolute() -> None:
    """The other tests here read them so."""
    nodes = [(module, node) for module, source in SOURCES.items() for node in ast.walk(ast.parse(source))]
    assert not [module for module, node in nodes if isinstance(node, ast.ImportFrom) and node.level > 0]


def test_nothing_but_commands_is_imported_behind_the_back_of_the_import_statement() -> None:
    others = {module: source for module, source in SOURCES.items() if module != "ntkcli.terminal.group"}
    assert not [
        module for module, source in others.items() if "import_module" in source or "__import__" in source
    ]


def test_errors_imports_nothing() -> None:
    assert all_imports("ntkcli.errors") == set()


def rooms(module: str) -> str:
    """The folder or the module at the top level that a module is in."""
    return module.removeprefix("ntkcli").removeprefix(".").split(".")[0]


def test_the_map_of_the_floors_is_the_one_that_is_held() -> None:
    """From the top down, in docs/architecture.md."""
    page = (PACKAGE.parent / "docs" / "architecture.md").read_text()
    table = page[page.index("## The floors") : page.index("## Words")]
    cells = re.findall(r"^\| (`.*`) \|", table, flags=re.MULTILINE)
    assert [re.findall(r"`(\w+)`", cell) for cell in cells] == FLOORS[::-1]


def test_every_module_has_a_floor() -> None:
    assert {rooms(module) for module in SOURCES} - {""} == {name for floor in FLOORS for name in floor}


@pytest.mark.parametrize("floor", range(len(FLOORS)), ids=lambda i: FLOORS[i][0])
def test_a_floor_imports_from_itself_and_from_those_below_it(floor: int) -> None:
    above = [f"ntkcli.{name}" for names in FLOORS[floor + 1 :] for name in names]
    modules = [module for module in SOURCES if rooms(module) in FLOORS[floor]]
    assert offences(modules, above) == []


def test_the_ground_floor_imports_nothing_of_this_package() -> None:
    ground = [f"ntkcli.{name}" for name in FLOORS[0]]
    assert offences(ground, ["ntkcli"]) == []


def test_the_mathematics_knows_no_files_no_specs_and_no_tables() -> None:
    assert offences(modules_of(*MATHS), OUTSIDE_THE_MATHS) == []


def test_the_plan_knows_no_specs_and_no_tables() -> None:
    """It takes what is asked as a Question, sizes and a budget."""
    assert offences(modules_of("planning"), ["pydantic", "yaml", "pandas"]) == []


def test_data_knows_no_mathematics() -> None:
    assert offences(modules_of("data"), [f"ntkcli.{package}" for package in MATHS]) == []


def test_pictures_know_tables_alone() -> None:
    """An extra draws them, which nothing else needs; and from nobody but the ground floor."""
    assert (
        offences(modules_of("reports"), [f"ntkcli.{name}" for floor in FLOORS[1:-6] for name in floor]) == []
    )
    callers = [module for module in SOURCES if offences([module], ["matplotlib"])]
    assert set(callers) <= set(modules_of("reports"))


def test_whether_there_is_an_extra_is_asked_without_loading_it() -> None:
    assert "matplotlib" not in heavy_ones("ntkcli.reports.figure")


def test_only_the_command_line_knows_the_commands() -> None:
    others = [
        module
        for module in SOURCES
        if not within(module, ["ntkcli.cli", "ntkcli.terminal", "ntkcli.commands"])
    ]
    assert offences(others, ["ntkcli.commands"]) == []


def test_only_linalg_calls_scipy_linalg() -> None:
    callers = {
        module
        for module, source in SOURCES.items()
        if offences([module], ["scipy.linalg"]) or "scipy.linalg" in source
    }
    assert {"ntkcli.linalg.parts", "ntkcli.linalg.cholesky", "ntkcli.linalg.spectrum"} <= callers
    assert callers <= {"ntkcli.linalg", *modules_of("linalg")}


def test_only_the_command_line_knows_click() -> None:
    callers = [module for module in SOURCES if offences([module], ["click"])]
    assert "ntkcli.__main__" in callers
    assert set(callers) <= {"ntkcli.__main__", *modules_of("cli", "terminal")}


@pytest.mark.parametrize(
    "module", ["ntkcli", "ntkcli.__main__", *modules_of("cli", "terminal"), "ntkcli.errors"]
)
def test_the_command_line_starts_without_anything_heavy(module: str) -> None:
    assert heavy_ones(module) == []


def test_what_is_imported_on_the_way_counts() -> None:
    """Regression reaches scipy by way of linalg alone."""
    assert "scipy.linalg" in heavy_ones("ntkcli.regression.fitted_model")
    assert "scipy.linalg" not in imports_on_import("ntkcli.regression.fitted_model")

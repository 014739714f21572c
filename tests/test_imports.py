"""Who may import whom, read from the source."""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

import ntkcli

PACKAGE = Path(ntkcli.__file__).parent
HEAVY = ["numpy", "pandas", "scipy", "pydantic", "yaml", "threadpoolctl"]
MATHS = ["kernels", "linalg", "inference"]
# What the mathematics may use beside itself: types, what ends a command, and a callback.
UNDER_THE_MATHS = ["arrays", "errors", "progress"]
OUTSIDE_THE_MATHS = ["os", "pathlib", "shutil", "tempfile", "click", "pydantic", "yaml", "pandas"]


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MATHS_MODULES = [f"ntkcli.{name}" for name in (*MATHS, *UNDER_THE_MATHS)]
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


def test_nothing_is_imported_behind_the_back_of_the_import_statement() -> None:
    assert not [
        module for module, source in SOURCES.items() if "import_module" in source or "__import__" in source
    ]


def test_errors_imports_nothing() -> None:
    assert all_imports("ntkcli.errors") == set()


def test_the_mathematics_knows_no_spec_no_plan_and_no_commands() -> None:
    """Nor anything else of this package that is not listed."""
    others = sorted(module for module in SOURCES if not within(module, MATHS_MODULES) and module != "ntkcli")
    expected = [
        "question",
        "stages",
        "plan",
        "sizes",
        "work",
        "footprint",
        "gram_store",
        "machine",
        "storage",
        "spec",
        "regression",
    ]
    assert {f"ntkcli.{name}" for name in expected} <= set(others)
    assert offences(modules_of(*MATHS), others) == []


def test_the_mathematics_knows_no_files() -> None:
    assert offences(modules_of(*MATHS), OUTSIDE_THE_MATHS) == []


def test_the_regression_and_its_plan_know_no_spec_and_no_tables() -> None:
    """They take what is asked as a Question, sizes and a budget."""
    names = [
        "question",
        "stages",
        "gram_store",
        "solved_stage",
        "regression",
        "sizes",
        "work",
        "footprint",
        "plan",
        "machine",
    ]
    modules = [f"ntkcli.{name}" for name in (*names, "storage")]
    assert set(modules) <= SOURCES.keys()
    asking = ["spec", "networks", "data", "runs", "commands", "cli", "job"]
    assert offences(modules, [*(f"ntkcli.{name}" for name in asking), "pydantic", "yaml", "pandas"]) == []


def test_linalg_knows_no_kernels_and_no_inference() -> None:
    assert offences(modules_of("linalg"), ["ntkcli.kernels", "ntkcli.inference"]) == []


def test_inference_knows_no_networks_and_no_data() -> None:
    assert offences(modules_of("inference"), ["ntkcli.kernels", "ntkcli.data"]) == []


def test_kernels_know_no_inference() -> None:
    assert offences(modules_of("kernels"), ["ntkcli.inference"]) == []


def test_data_knows_no_mathematics() -> None:
    assert offences(modules_of("data"), [f"ntkcli.{package}" for package in MATHS]) == []


def test_only_the_command_line_knows_the_commands() -> None:
    others = [module for module in SOURCES if not within(module, ["ntkcli.cli", "ntkcli.commands"])]
    assert offences(others, ["ntkcli.commands"]) == []


def test_only_linalg_calls_scipy_linalg() -> None:
    callers = {
        module
        for module, source in SOURCES.items()
        if offences([module], ["scipy.linalg"]) or "scipy.linalg" in source
    }
    assert {"ntkcli.linalg.blocks", "ntkcli.linalg.cholesky", "ntkcli.linalg.spectrum"} <= callers
    assert callers <= {"ntkcli.linalg", *modules_of("linalg")}


def test_only_the_command_line_and_its_display_know_click() -> None:
    callers = [module for module in SOURCES if offences([module], ["click"])]
    assert callers == ["ntkcli.cli", "ntkcli.display"]


@pytest.mark.parametrize("module", ["ntkcli", "ntkcli.cli", "ntkcli.display", "ntkcli.errors"])
def test_the_command_line_starts_without_anything_heavy(module: str) -> None:
    assert heavy_ones(module) == []


def test_what_is_imported_on_the_way_counts() -> None:
    """Regression reaches scipy by way of linalg alone."""
    assert "scipy.linalg" in heavy_ones("ntkcli.regression")
    assert "scipy.linalg" not in imports_on_import("ntkcli.regression")

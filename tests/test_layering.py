"""Dependencies point one way: theorems <- strategies <- checkers, with the command line and the report on top."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FORBIDDEN = {
    "theorems": {"strategies", "checkers", "tests", "hypothesis", "click"},
    "strategies": {"checkers", "tests", "click"},
    "checkers": {"tests", "pytest"},
}
# Only the command line and the report know how to print and draw; the machinery below does not know that they exist.
TOP = {
    "command_line", "data_commands", "train_command", "options", "ledger_options", "report", "report_text", "figures", "description",
    "diagnosis_text", "ledger_text", "matrix", "regime_text", "reliability_text", "threshold_text", "words",
    "array_files", "columns", "data_options", "header", "plain_text", "text_files", "user_data", "user_labels", "user_tables",
}  # fmt: skip
FILES = sorted(path for package in FORBIDDEN for path in (ROOT / package).rglob("*.py"))


def imports(tree: ast.AST) -> Iterator[str]:
    """Every module that the code imports; `from a import b` gives a and a.b."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            assert node.module is not None
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imports_on_import(tree: ast.Module) -> Iterator[str]:
    """What is imported when the module is: not inside functions, not for type checkers only."""
    for node in tree.body:
        guard = isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        if not guard and not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield from imports(node)


def parse(source: str) -> ast.Module:
    return ast.parse(source)


def upward(package: str, source: str) -> set[str]:
    """Packages that a file of `package` imports against the direction."""
    return {name.split(".")[0] for name in imports(parse(source))} & FORBIDDEN[package]


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_package_imports_one_above_it(path: Path) -> None:
    assert not upward(path.relative_to(ROOT).parts[0], path.read_text())


@pytest.mark.parametrize("path", sorted((ROOT / "theorems").rglob("*.py")), ids=lambda path: path.name)
def test_theorems_import_no_tensors(path: Path) -> None:
    names = {name.split(".")[0] for name in imports_on_import(parse(path.read_text()))}
    assert not names & {"torch", "scipy", "matplotlib", "sklearn"}


@pytest.mark.parametrize("path", sorted((ROOT / "checkers").rglob("*.py")), ids=lambda path: path.name)
def test_machinery_does_not_know_the_command_line(path: Path) -> None:
    if path.stem not in TOP:
        used = {name.removeprefix("checkers.") for name in imports(parse(path.read_text())) if name.startswith("checkers.")}
        assert not used & TOP


@pytest.mark.parametrize("path", sorted((ROOT / "checkers").rglob("*.py")), ids=lambda path: path.name)
def test_nothing_imports_the_command_line(path: Path) -> None:
    assert "checkers.command_line" not in set(imports(parse(path.read_text())))


def test_a_planted_import_is_seen() -> None:
    assert upward("theorems", "def f():\n    from strategies import data") == {"strategies"}
    assert upward("strategies", "import checkers.suite") == {"checkers"}
    assert "torch" in set(imports_on_import(parse("if True:\n    import torch")))
    assert "torch" not in set(imports_on_import(parse("if TYPE_CHECKING:\n    import torch\ndef f():\n    import torch")))

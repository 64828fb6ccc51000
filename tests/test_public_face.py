"""The public face: light to import, every name is what it says, and what the documents show runs."""

from __future__ import annotations

import ast
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import lemmafuzz

ROOT = Path(__file__).parent.parent


def blocks(text: str) -> str:
    """The Python of a document, in its order."""
    return "\n".join(part.split("```")[0] for part in text.split("```python\n")[1:])


def test_importing_it_loads_nothing_heavy() -> None:
    code = "import sys, lemmafuzz; print(sorted({'torch', 'hypothesis', 'scipy', 'pandas', 'theorems'} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"


@pytest.mark.parametrize("name", lemmafuzz.__all__)
def test_every_name_is_there(name: str) -> None:
    assert getattr(lemmafuzz, name) is not None
    assert name in dir(lemmafuzz)


def test_a_name_that_is_not_there_is_said() -> None:
    with pytest.raises(AttributeError, match=r"lemmafuzz has no 'chek'; it has: Advanced, Architecture, .*check, "):
        lemmafuzz.chek  # noqa: B018


def test_it_is_the_command() -> None:
    found = subprocess.run([sys.executable, "-m", "lemmafuzz", "show", "no-such"], cwd=ROOT, capture_output=True, text=True)
    assert (found.returncode, found.stdout) == (2, "")
    assert found.stderr.startswith("lemmafuzz: there is no statement 'no-such'")


@pytest.mark.slow
def test_what_the_guide_shows_runs() -> None:
    code = blocks((ROOT / "docs" / "python.md").read_text())
    assert code.count("assert") >= 7
    exec(compile(code, "docs/python.md", "exec"), {})


def test_the_tests_of_a_torch_module_pass_and_can_fail() -> None:
    tests = runpy.run_path(str(ROOT / "docs" / "own-test.py"))
    found = [name for name in tests if name.startswith("test_")]
    assert len(found) == 2
    for name in found:
        tests[name]()
    source = (ROOT / "docs" / "own-test.py").read_text()
    assert source.count("sqrt(2 / width)") == 1
    exec(compile(source.replace("sqrt(2 / width)", "sqrt(1 / width)"), "docs/own-test.py", "exec"), wrong := dict[str, Any]())
    with pytest.raises(AssertionError):
        wrong["test_norms_neither_vanish_nor_explode"]()


@pytest.mark.parametrize("path", [*sorted((ROOT / "docs").glob("*.py")), ROOT / "docs" / "python.md"], ids=lambda path: path.name)
def test_documents_import_nothing_else_of_ours(path: Path) -> None:
    code = blocks(path.read_text()) if path.suffix == ".md" else path.read_text()
    imported = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(code))
        for name in ([alias.name for alias in node.names] if isinstance(node, ast.Import) else [str(getattr(node, "module", ""))])
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    assert "lemmafuzz" in imported
    assert not imported & {"theorems", "strategies", "checkers"}

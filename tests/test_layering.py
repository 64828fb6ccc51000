"""The house: rooms import only from rooms below them, no files import each other in a circle, what is private stays in its file, and what
must stay light does."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import house

FILES = house.modules()
ARROWS = house.graph(FILES)
# What each package may not know of, outside of the house.
FORBIDDEN = {"theorems": {"hypothesis", "click", "pytest"}, "strategies": {"click", "pytest"}, "checkers": {"pytest"}}


def imports_on_import(tree: ast.Module) -> Iterator[str]:
    """What is imported when the module is: not inside functions, not for type checkers only."""
    for node in tree.body:
        guard = isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        if not guard and not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield from house.imports(node)


def test_every_file_lives_in_a_room_of_the_order() -> None:
    assert {house.room(name) for name in FILES} == set(house.ORDER)


def test_rooms_import_only_from_rooms_below_them() -> None:
    """Also inside functions, and for type checkers only."""
    assert house.upward(house.rooms(ARROWS)) == []


def test_no_files_import_each_other_in_a_circle() -> None:
    assert house.circles(ARROWS) == []
    assert max(house.floors(house.rooms(ARROWS)).values()) <= 12


def test_the_drawing_in_the_documents_is_that_of_the_house() -> None:
    text = (house.ROOT / "docs" / "architecture.md").read_text()
    assert house.mermaid(house.rooms(ARROWS)) in text, "python tests/house.py --mermaid prints it"


@pytest.mark.parametrize("name", FILES)
def test_each_package_knows_only_what_it_needs(name: str) -> None:
    used = {one.split(".")[0] for one in house.imports(ast.parse(FILES[name].read_text()))}
    allowed = {"pytest"} if name == "checkers.pytest_suite" else set()
    assert not used & ({"tests", *FORBIDDEN.get(name.split(".")[0], ())} - allowed)


@pytest.mark.parametrize("name", [name for name in FILES if name.split(".")[0] == "theorems"])
def test_theorems_load_no_tensors(name: str) -> None:
    names = {one.split(".")[0] for one in imports_on_import(ast.parse(FILES[name].read_text()))}
    assert not names & {"torch", "scipy", "matplotlib", "sklearn", "sympy"}


@pytest.mark.parametrize(
    "source",
    [
        "from b import x",
        "import b",
        "def f():\n    import b",
        "if TYPE_CHECKING:\n    from b import x",
    ],
)
def test_a_planted_circle_is_seen(source: str, tmp_path: Path) -> None:
    files = {"a": tmp_path / "a.py", "b": tmp_path / "b.py", "c": tmp_path / "c.py"}
    files["a"].write_text(source)
    files["b"].write_text("import c")
    files["c"].write_text("from a import y")
    found = house.graph(files)
    assert found == {"a": {"b"}, "b": {"c"}, "c": {"a"}}
    assert house.circles(found) == [["a", "b", "c"]]
    assert house.upward(found, ("c", "b", "a")) == [("c", "a")]


@pytest.mark.parametrize("path", house.everything(), ids=lambda path: str(path.relative_to(house.ROOT)))
def test_no_file_uses_a_private_name_of_another(path: Path) -> None:
    """Not even a test: what two files share is an idea that has a name."""
    assert [*house.private(ast.parse(path.read_text()))] == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("from checkers.runs.suite import _b", ["checkers.runs.suite._b"]),
        ("def f():\n    from checkers import _b as b", ["checkers._b"]),
        ("if TYPE_CHECKING:\n    import checkers._b", ["checkers._b"]),
        ("from checkers.runs import suite\nsuite._b()", ["suite._b"]),
        ("import checkers.runs\nx = checkers.runs._b.c", ["checkers.runs._b"]),
        ("from theorems import registry as all_of_them\nall_of_them._forms['a']", ["all_of_them._forms"]),
        ("from checkers.runs import suite\nmonkeypatch.setattr(suite, '_b', 1)", ["suite._b"]),
        ("from checkers.runs import suite\ngetattr(suite.b, '_c')", ["suite.b._c"]),
        ("from checkers.runs import suite\nsuite.__name__, suite.b, self._b, suite.b()._c", []),
        ("import os\nos._exit(1)", []),
        ("from pathlib import _ignore_error", []),
    ],
)
def test_a_planted_private_name_is_seen(source: str, found: list[str]) -> None:
    assert [*house.private(ast.parse(source))] == found


def test_floors_count_the_longest_way_down() -> None:
    arrows = {"top": {"middle", "ground"}, "middle": {"ground"}, "ground": set[str]()}
    assert house.floors(arrows) == {"top": 3, "middle": 2, "ground": 1}
    assert house.reduced(arrows) == {"top": {"middle"}, "middle": {"ground"}, "ground": set()}

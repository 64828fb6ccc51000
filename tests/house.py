"""The import graph of the house: `python tests/house.py` prints rooms, floors, arrows and circles, with --mermaid the drawing of the docs.

Every import counts, also one inside a function and one for type checkers only.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGES = ("theorems", "strategies", "checkers")
BESIDE = ("tests", "benchmarks", "docs")  # code of the repository that is not a part of the product
# A theory is a folder and nothing else: theorems/__init__.py imports all that are there.
_FOLDERS = sorted(path.parent.name for path in (ROOT / "theorems").glob("*/__init__.py"))
THEORIES = tuple(f"theorems.{name}" for name in _FOLDERS if name not in ("language", "laws"))
# Rooms, lowest first: each imports from those before it only.
ORDER = (
    "theorems.language", "theorems.laws", *THEORIES, "theorems", "strategies", "checkers", "checkers.errors",
    "checkers.records", "checkers.machine", "checkers.networks", "checkers.kernels", "checkers.adversaries", "checkers.subjects",
    "checkers.evidence", "checkers.certification", "checkers.data", "checkers.training", "checkers.fuzzing", "checkers.runs",
    "checkers.experiments", "checkers.report", "checkers.pytest_suite", "checkers.command_line", "lemmafuzz",
)  # fmt: skip

Graph = Mapping[str, set[str]]


def module_of(path: Path) -> str:
    """`checkers/machine/files.py` -> checkers.machine.files."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def modules() -> dict[str, Path]:
    """Every file of the product."""
    found = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))] + [ROOT / "lemmafuzz.py"]
    return {module_of(path): path for path in found if path.exists()}


def everything() -> list[Path]:
    """Every file of the repository that holds code: the product's, and what stands beside it."""
    return [*modules().values(), *(path for folder in BESIDE for path in sorted((ROOT / folder).rglob("*.py")))]


def imports(tree: ast.AST, files: Collection[str] = ()) -> Iterator[str]:
    """Every module that the code imports; `from a import b` gives a.b where that is one of the files, else a."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            assert node.module is not None
            named = (f"{node.module}.{alias.name}" for alias in node.names)
            yield from (name if name in files else node.module for name in named)


def private(tree: ast.AST) -> Iterator[str]:
    """Private names of other files of this repository that the code imports, or reaches for through what it imports: `a._b`, also as
    the text of a getattr or of a patch."""
    ours = (*PACKAGES, *BESIDE, "lemmafuzz")
    imported: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                whole = f"{node.module}.{alias.name}" if isinstance(node, ast.ImportFrom) else alias.name
                if whole.split(".")[0] in ours:
                    imported.add(alias.asname or alias.name.split(".")[0])
                    if any(map(is_private, whole.split("."))):
                        yield whole
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(attr=name, value=owner) if is_private(name):
                pass
            case ast.Call(args=[owner, ast.Constant(value=str(name)), *_]) if is_private(name):
                pass
            case _:
                continue
        root = owner
        while isinstance(root, ast.Attribute):
            root = root.value
        if isinstance(root, ast.Name) and root.id in imported:
            yield f"{ast.unparse(owner)}.{name}"


def is_private(name: str) -> bool:
    """`_b`, but not `__init__`, which belongs to everyone."""
    return name.startswith("_") and not name.endswith("__")


def graph(files: Mapping[str, Path]) -> dict[str, set[str]]:
    """module -> modules of the product that it imports."""
    found = {name: {*imports(ast.parse(path.read_text()), files)} & files.keys() - {name} for name, path in files.items()}
    if "theorems" in found:
        found["theorems"] |= {*THEORIES} & files.keys()
    return found


def room(module: str) -> str:
    """The first two names: checkers.networks for checkers.networks.weights.dense. A file that stands alone is a room, too."""
    parts = module.split(".")
    return parts[0] if parts[0] == "strategies" else ".".join(parts[:2])


def rooms(arrows: Graph) -> dict[str, set[str]]:
    """The graph of the rooms."""
    found: dict[str, set[str]] = {}
    for name, others in arrows.items():
        here = room(name)
        found.setdefault(here, set()).update({room(other) for other in others} - {here})
    return found


def circles(arrows: Graph) -> list[list[str]]:
    """Sets of more than one node that reach each other, after Kosaraju."""
    seen: list[str] = []

    def visit(node: str, edges: Graph, into: list[str], done: set[str]) -> None:
        pending = [(node, iter(sorted(edges[node])))]
        done.add(node)
        while pending:
            rest = pending[-1][1]
            following = next((one for one in rest if one not in done), None)
            if following is None:
                into.append(pending.pop()[0])
            else:
                done.add(following)
                pending.append((following, iter(sorted(edges[following]))))

    done: set[str] = set()
    for node in arrows:
        if node not in done:
            visit(node, arrows, seen, done)
    backwards: dict[str, set[str]] = {node: {other for other in arrows if node in arrows[other]} for node in arrows}
    found, done = [], set()
    for node in reversed(seen):
        if node not in done:
            circle: list[str] = []
            visit(node, backwards, circle, done)
            if len(circle) > 1:
                found.append(sorted(circle))
    return found


def floors(arrows: Graph) -> dict[str, int]:
    """Floor of every node, 1 for what imports nothing; the graph has no circle."""
    found: dict[str, int] = {}

    def floor(node: str) -> int:
        if node not in found:
            found[node] = 1 + max((floor(other) for other in arrows[node]), default=0)
        return found[node]

    for node in arrows:
        floor(node)
    return found


def upward(arrows: Graph, order: Sequence[str] = ORDER) -> list[tuple[str, str]]:
    """Arrows against the order of the rooms."""
    return [(here, there) for here in arrows for there in sorted(arrows[here]) if order.index(there) >= order.index(here)]


def summary(name: str, arrows: Graph) -> str:
    """`rooms: 19, on 13 floors, 103 arrows, 0 circles`."""
    found = circles(arrows)
    height = "" if found else f", on {max(floors(arrows).values())} floors"
    return f"{name}: {len(arrows)}{height}, {sum(map(len, arrows.values()))} arrows, {len(found)} circles"


def reduced(arrows: Graph) -> dict[str, set[str]]:
    """The arrows that no longer way replaces: what a drawing needs."""

    def below(node: str) -> set[str]:
        return arrows[node].union(*(below(other) for other in arrows[node]))

    return {node: {one for one in others if not any(one in below(other) for other in others)} for node, others in arrows.items()}


def mermaid(arrows: Graph) -> str:
    """A drawing of the rooms, the highest on top."""
    names = {node: node.replace(".", "_") for node in arrows}
    lines = [f"    {names[node]}[{node.replace('.', '/')}]" for node in reversed(ORDER) if node in arrows]
    drawn = reduced(arrows)
    lines += [f"    {names[node]} --> {names[other]}" for node in reversed(ORDER) if node in arrows for other in sorted(drawn[node])]
    return "\n".join(["flowchart TD", *lines])


def main(arguments: Sequence[str]) -> None:
    files = modules()
    arrows = graph(files)
    between = rooms(arrows)
    if "--mermaid" in arguments:
        print(mermaid(between))
        return
    print(summary("files", arrows))
    print(summary("rooms", between))
    for circle in [*circles(arrows), *circles(between)]:
        print("circle:", *circle)
    if not circles(between):
        height = floors(between)
        for node in sorted(height, key=lambda one: (height[one], ORDER.index(one))):
            print(f"{height[node]:3} {node}: {', '.join(sorted(between[node])) or 'nothing'}")


if __name__ == "__main__":
    main(sys.argv[1:])

"""How a wheel is built: as one package. A project's own folder `strategies` (or theorems, checkers) is then in nobody's way.

pyproject.toml names the class below; nothing else imports this file, for setuptools is there while something is built only.
"""

from __future__ import annotations

import ast
import re
import shutil
from pathlib import Path
from typing import Final

from setuptools.command.build_py import build_py

FACE: Final = "lemmafuzz"
PACKAGES: Final = ("theorems", "strategies", "checkers")
BY_NAME: Final = re.compile(rf"(import (.*, )?|(importlib\.)?import_module\(f?['\"])({'|'.join(PACKAGES)})\b")
COMMAND: Final = f'''"""`python -m {FACE}` is the command."""

from {FACE} import main

if __name__ == "__main__":
    raise SystemExit(main())
'''


def under_one_name(source: str) -> str:
    """The code with `from theorems.x import y` as `from lemmafuzz.theorems.x import y`, everything else as it was.

    ValueError for what cannot be moved: `import theorems`, which would bind another name, and a name of a module in a text.
    """
    lines = source.encode().splitlines(keepends=True)  # columns of a syntax tree count bytes
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import | ast.Call) and BY_NAME.match(written := ast.unparse(node)):
            raise ValueError(
                f"line {node.lineno}: {written}: a wheel has this package inside {FACE}: write `from ... import ...`, or use __name__"
            )
        if isinstance(node, ast.ImportFrom) and str(node.module).split(".")[0] in PACKAGES:
            line, start = lines[node.lineno - 1], node.col_offset + len(b"from ")
            lines[node.lineno - 1] = line[:start] + f"{FACE}.".encode() + line[start:]
    return b"".join(lines).decode()


def gather(folder: Path) -> None:
    """Make of lemmafuzz.py and the three packages in a folder one package, lemmafuzz."""
    package = folder / FACE
    package.mkdir()
    (folder / f"{FACE}.py").rename(package / "__init__.py")
    for name in PACKAGES:
        (folder / name).rename(package / name)
    for path in package.rglob("*.py"):
        path.write_bytes(under_one_name(path.read_text(encoding="utf-8")).encode())
    (package / "__main__.py").write_text(COMMAND, encoding="utf-8")
    (package / "py.typed").touch()


class BuildAsOnePackage(build_py):  # type: ignore[misc]  # setuptools ships no types that mypy reads
    """Copies the code into the folder that becomes the wheel. An editable installation copies nothing, and keeps the four names."""

    def run(self) -> None:
        if not self.editable_mode:
            for name in (FACE, *PACKAGES):  # of an earlier build: a wheel takes whatever lies there
                shutil.rmtree(Path(self.build_lib, name), ignore_errors=True)
        super().run()
        if not self.editable_mode:
            gather(Path(self.build_lib))

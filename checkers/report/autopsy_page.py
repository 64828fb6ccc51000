"""An autopsy as a page: Markdown, and its figures beside it."""

from __future__ import annotations

from pathlib import Path

from checkers.errors import InputError
from checkers.machine.files import check_destination, write_whole
from checkers.records.autopsies import Autopsy
from checkers.report import autopsy_figures as figures
from checkers.report.autopsy import closing, heading, sections
from checkers.report.text import plain
from theorems.language.statement import Statement

FIGURES = {"How typical that is": "ratios", "Where it breaks": "places", "What it takes": "sizes"}
CAPTIONS = {
    "ratios": "Distribution of the largest ratio over fresh networks",
    "places": "Share of fresh networks that fail at each pair of indices",
    "sizes": "Failure rate, observed and claimed, along each quantity, below 1/10,000 at the bottom; dotted: the counterexample",
}


def check_folder(folder: Path) -> None:
    """Raise InputError unless a page can be written into the folder, which need not exist."""
    if folder.exists() and not folder.is_dir():
        raise InputError(f"cannot write to {folder}: it is not a folder")
    check_destination((folder if folder.is_dir() else folder.parent) / "page.md")


def write(found: Autopsy, statement: Statement, folder: Path) -> Path:
    """Write the figures and then the page, each whole or not at all; returns the page's path."""
    stem = Path(found.file or f"{found.statement}.json").stem
    drawn = {f"{stem}-{name}.svg": content for name, content in _figures(found).items()}
    page = folder / f"{stem}.md"
    try:
        folder.mkdir(exist_ok=True)
        for name, content in drawn.items():
            write_whole(folder / name, content)
        write_whole(page, markdown(found, statement, stem))
    except OSError as error:
        raise InputError(f"cannot write {page}: {error.strerror or error}") from error
    return page


def _figures(found: Autopsy) -> dict[str, str]:
    """Those that have something to show."""
    drawn = {"ratios": figures.distribution(found.typical)}
    grid = found.typical.grid
    if grid is not None and found.typical.rate.failures:
        drawn["places"] = figures.places(grid, found.typical.rate.trials)
    if found.climbs:
        drawn["sizes"] = figures.climbs(found.climbs)
    return drawn


def markdown(found: Autopsy, statement: Statement, stem: str) -> str:
    """The page; stem: what its figures' names begin with."""
    drawn = _figures(found)
    parts = [f"# {heading(found)}"]
    for section in sections(found, statement, "github"):
        parts.append(f"## {section.title}")
        parts += [_block(block) for block in section.blocks]
        name = FIGURES.get(section.title, "")
        if name in drawn:
            parts.append(f"![{CAPTIONS[name]}]({stem}-{name}.svg)")
    parts += ["## Again, from Python", "```python\n" + "\n".join(found.python) + "\n```", _block(closing(found))]
    return "\n\n".join(parts) + "\n"


def _block(block: str) -> str:
    """Tables as they are; sentences with a line break after each, and nothing that Markdown would read as its own."""
    if block.startswith("|"):
        return block
    return "  \n".join(plain(line) for line in block.split("\n"))


"""inspect: the autopsy of a counterexample, on the terminal and as a page with figures."""

from __future__ import annotations

import textwrap
from pathlib import Path

import click

from checkers.command_line.options import Output, as_path, json_option, modules_option, options, quiet_option
from checkers.command_line.terminal import progress_bars
from checkers.runs.jobs.own_statements import own_statements
from theorems import registry

COLUMNS = 100  # of a terminal that most have


def _indented(block: str) -> str:
    """Sentences broken into lines, tables left as they are."""
    lines = block.split("\n")
    if len(lines) > 1 and lines[1].startswith("--"):
        return "\n".join(f"  {line}" for line in lines)
    return "\n".join(textwrap.fill(line, COLUMNS, initial_indent="  ", subsequent_indent="    ") for line in lines)


@click.command()
@click.argument("file", callback=as_path)
@click.option("--folder", callback=as_path, metavar="FOLDER", help="Write the autopsy there as a page with figures, too.")
@options(modules_option, json_option, quiet_option)
def inspect(file: Path, folder: Path | None, modules: tuple[Path, ...], json_file: str | None, quiet: bool) -> int:
    """Say why a counterexample fails: FILE is one that check or power wrote to counterexamples/.

    What is compared, where it breaks, how typical that is, what it takes, what the adversary did, and what else fails there.
    """
    from checkers.report import autopsy as words
    from checkers.report import autopsy_page as page

    output = Output(json_file, quiet)
    if folder is not None:
        page.check_folder(folder)
    with own_statements(modules, probed=True):
        from checkers.experiments.autopsy.inspect import inspect as dissect
        from checkers.fuzzing.counterexamples import read

        record = read(file)
        with progress_bars(quiet=quiet) as progress:
            found = dissect(record, path=file, modules=modules, progress=progress)
        form = registry.form(found.statement, found.architecture)
        output.facts(found)
        output.text(words.heading(found) + "\n")
        for section in words.sections(found, form):
            output.text(section.title + "\n")
            for block in section.blocks:
                output.text(_indented(block) + "\n")
        output.text("Again, from Python\n\n" + "\n".join(f"    {line}" for line in found.python) + "\n")
        written = f"wrote {page.write(found, form, folder)}; " if folder is not None else ""
        output.text(written + words.closing(found), closing=True)
    return 0

"""The first five minutes: what to type, a first answer soon, and commands of the documents that find their files."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from checkers.command_line.main import FIRST, main
from checkers.evidence.profiles import PROFILES
from checkers.records.decisions import CheckRun
from checkers.report.verdicts import check_closing
from checkers.runs.suite import check, power

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_alone_it_says_what_to_type_and_then_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith(FIRST)
    assert len(FIRST.splitlines()) <= 7
    assert "Commands:" in printed
    assert main(["--help"]) == 0
    assert capsys.readouterr().out == printed.removeprefix(FIRST + "\n")


@pytest.mark.parametrize("command", re.findall(r"^  lemmafuzz (\S+)", FIRST, re.MULTILINE))
def test_what_it_says_to_type_is_there(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == 0
    assert f"lemmafuzz {command}" in capsys.readouterr().out


@pytest.mark.slow
def test_a_glance_answers_within_30_seconds_on_one_core() -> None:
    glance = PROFILES["glance"]
    begun = time.process_time()  # whoever else is at work
    run = check(glance.first, seed=1, profile=glance)
    assert time.process_time() - begun < 30
    assert [verdict.verdict for verdict in run.verdicts] == ["HOLDS"] * len(glance.first)
    assert "a glance at 13 of " in check_closing(run)


def test_what_a_glance_is_worth_is_said_of_no_other_profile() -> None:
    run = CheckRun(seed=1, alpha=1e-6, profile="quick", verdicts=[], seconds=1.0)
    assert "glance" not in check_closing(run)


def test_a_glance_refutes_false_variants() -> None:
    found = power(["relu-difference", "separation"], seed=1, profile="glance").variants
    assert [one.verdict for one in found] == ["REFUTED"] * len(found)
    assert len(found) >= 5


def test_the_readme_is_read_in_one_go() -> None:
    text = (ROOT / "README.md").read_text()
    assert len(text.splitlines()) <= 120
    assert text.count("```") == 2  # one screen of output
    assert text.count("![") == 1  # one figure
    assert max(map(len, text[text.index("```") :].split("```")[1].splitlines())) <= 150


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_of_the_documents_lead_somewhere(document: Path) -> None:
    bare = re.sub(r"```.*?```", "", document.read_text(), flags=re.DOTALL)
    links = [link.split("#")[0] for link in re.findall(r"(?<!\\)\]\(([^)\s]+)\)", bare) if not link.startswith("https://")]
    assert [link for link in links if not (document.parent / link).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_counterexamples_of_the_documents_are_in_a_clone_or_made_on_the_page(document: Path) -> None:
    text = document.read_text()
    for found in re.finditer(r"^(?:\$|   ) lemmafuzz replay (\S+\.json)", text, re.MULTILINE):
        path, seed = found[1], re.search(r"--seed-(\d+)--", found[1])
        made = seed and re.search(rf"lemmafuzz (power|check) .*--seed {seed[1]}\b", text[: found.start()])
        assert (ROOT / path).is_file() or made, path

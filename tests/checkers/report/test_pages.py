"""REPORT.md and its pages, of a run about everything: short enough to be read, every link leads somewhere, formulas that GitHub renders."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

import msgspec
import pytest

from checkers.records.mutants import MutantResult, MutantRun, MutantScore
from checkers.report.statement_page import ELSEWHERE
from checkers.report.statements import change_in_words, sections
from checkers.report.text import plain
from checkers.report.write import drawings, pages
from tests.checkers.report import full_size
from theorems import registry

KILOBYTE = 1000
FORMULA = re.compile(r"```math\n(.*?)\n```|\$`(.*?)`\$", re.DOTALL)
# What GitHub renders of what is used here; \operatorname, for one, it refuses.
KNOWN = {
    "Gamma", "Vert", "alpha", "begin", "beta", "cdot", "cdots", "delta", "ell", "end", "eta", "exp", "frac", "gamma", "ge", "gt",
    "infty", "kappa", "lambda", "langle", "lbrace", "ldots", "le", "left", "log", "lt", "mathrm", "max", "min", "mu", "nabla", "ne",
    "nu", "omega", "phi", "pi", "rangle", "rbrace", "rho", "right", "sigma", "sim", "sqrt", "sum", "tau", "text", "tilde",
    "varepsilon", "vert", "widetilde", "zeta",
}  # fmt: skip


@pytest.fixture(scope="module")
def written() -> dict[str, str]:
    return pages(full_size.facts(), list(registry))


@pytest.fixture(scope="module")
def drawn() -> set[str]:
    return set(drawings(full_size.facts(), list(registry)))


def formulas(text: str) -> list[str]:
    return [one or other for one, other in FORMULA.findall(text)]


def test_the_report_is_short_enough_to_be_read(written: dict[str, str]) -> None:
    assert len(written["REPORT.md"].encode()) < 60 * KILOBYTE


def test_it_begins_with_five_lines_of_verdict_and_then_what_was_learned(written: dict[str, str]) -> None:
    text = written["REPORT.md"]
    verdict = text[text.index("## The verdict") :].split("\n\n")[1].splitlines()
    assert [line[:2] for line in verdict] == ["1.", "2.", "3.", "4.", "5."]
    headings = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert headings[:3] == ["The verdict", "What we learned about the paper", "Every statement"]
    assert text.index("## What we learned") < 4 * KILOBYTE
    papers = {registry[one].theory for one, _ in registry.cells()}
    assert sum(any(name in one for name in ("Allen-Zhu", "Du, Zhai", "Oymak")) for one in headings) == len(papers)


def test_there_is_a_page_for_every_statement(written: dict[str, str]) -> None:
    assert {f"report/{one.id}.md" for one in registry} <= set(written)


def test_every_link_and_figure_of_every_page_is_there(written: dict[str, str], drawn: set[str]) -> None:
    missing = []
    for name, text in written.items():
        bare = re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.DOTALL)
        links = re.findall(r"(?<!\\)\]\(([^)\s]+)\)", bare)
        assert links, name
        for link in links:
            target = PurePosixPath(name).parent.joinpath(link).as_posix().replace("report/../", "")
            missing += [] if target in {*written, *drawn} else [(name, link)]
    assert missing == []


def test_no_page_or_figure_is_there_that_nothing_links_to(written: dict[str, str], drawn: set[str]) -> None:
    text = "".join(written.values())
    names = {*written, *drawn} - {"REPORT.md"}
    assert [name for name in names if f"({name})" not in text and f"({name.removeprefix('report/')})" not in text] == []


def test_formulas_keep_to_what_github_renders(written: dict[str, str]) -> None:
    found = [one for text in written.values() for one in formulas(text)]
    assert len(found) > 100
    assert {name for one in found for name in re.findall(r"\\([A-Za-z]+)", one)} <= KNOWN
    for one in found:
        bare = one.replace(r"\lbrace", "").replace(r"\rbrace", "")
        depth = 0
        for letter in bare:
            depth += (letter == "{") - (letter == "}")
            assert depth >= 0, one
        assert depth == 0, one
        assert one.count(r"\left") - one.count(r"\left\langle") == one.count(r"\right") - one.count(r"\rightarrow")
        assert all("_" not in words and "^" not in words for words in re.findall(r"\\(?:text|mathrm)\{([^{}]*)\}", one)), one
        assert not re.search(r"_\{[^{}]*\}_|\^\{[^{}]*\}\^|[‖√≤≥]", one), one
        assert "|" not in one


def test_outside_formulas_and_code_nothing_is_left_for_markdown_to_read_as_its_own(written: dict[str, str]) -> None:
    for name, text in written.items():
        bare = re.sub(r"```.*?```|\$`.*?`\$|`[^`\n]*`|<!--.*?-->|\]\([^)]*\)|^    .*$", "", text, flags=re.DOTALL | re.MULTILINE)
        raw = re.findall(r".{0,30}(?<!\\)(?:[_$]|<[A-Za-z]).{0,30}", bare)
        assert raw == [], name


def test_a_page_has_the_facts_that_show_prints(written: dict[str, str]) -> None:
    for identifier, architecture in registry.cells():
        form, text = registry.form(identifier, architecture), written[f"report/{identifier}.md"]
        for name, entries in sections(form, registry):
            if name not in (*ELSEWHERE, "architectures"):
                assert f"- **{name}**: {'; '.join(map(plain, entries))}" in text, (identifier, architecture, name)
        assert plain(form.sentence) in text
        assert all(plain(change_in_words(one)).replace("|", "\\|") in text for one in form.variants)


def test_what_a_statement_rests_on_and_what_rests_on_it_is_linked(written: dict[str, str]) -> None:
    text = written["report/gradient-drift.md"]
    assert all(f"[{one}]({one}.md)" in text for one in registry["gradient-drift"].rests_on)
    above = next(line for line in text.splitlines() if line.startswith("- On it rests"))
    assert "[kernel-stability](kernel-stability.md)" in above


def test_a_run_in_which_an_inequality_failed_is_not_called_as_promised(written: dict[str, str]) -> None:
    text = written["REPORT.md"]
    assert "gradient-upper failed along 3, outside its regime" in text[: text.index("## What we learned")]
    assert "9 of 12 training runs reached their goal with every checked inequality intact" in text
    assert "as promised" not in re.sub(r"\|.*\|", "", text)


def test_the_mutation_score_stands_beside_a_verdict_where_there_is_one(written: dict[str, str]) -> None:
    assert "mutants refuted" not in written["REPORT.md"]
    score = MutantScore(
        id="forward-norm",
        architecture="fully connected",
        mutants=9,
        refuted=7,
        slack=1,
        outside=0,
        missed=1,
        score=7 / 8,
        notes=[],
    )
    mutant = MutantResult(
        id="forward-norm",
        architecture="fully connected",
        mutant="eps^(1/6) more",
        kind="exponent",
        claim="",
        outcome="missed",
        instances=3,
        trials=12,
        measured=None,
        ratio=0.5,
        reach=2.0,
        why="not refuted",
    )
    run = MutantRun(seed=1, alpha=1e-6, profile="quick", scores=[score], mutants=[mutant], seconds=1.0)
    texts = pages(msgspec.structs.replace(full_size.facts(), mutants=run, scaling=[], trainings=[], titles=[]), list(registry))
    assert "mutants refuted" in texts["REPORT.md"]
    assert "7/8" in texts["REPORT.md"]
    assert "## Mutants" in texts["report/forward-norm.md"]
    assert "7 of 8 mutants that are false (quick, seed 1)" in texts["REPORT.md"]

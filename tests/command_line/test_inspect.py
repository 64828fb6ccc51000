"""`lemmafuzz inspect`: words, page, JSON and exit codes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import msgspec
import pytest

from checkers.command_line.main import main
from checkers.experiments.autopsy import climbs, survey
from checkers.experiments.autopsy import inspect as autopsy
from checkers.records.autopsies import Autopsy

ROOT = Path(__file__).parents[2]
COMMITTED = ROOT / "tests" / "counterexamples"
FLIPS = next(COMMITTED.glob("sign-flips--*.json"))
SEPARATION = next(COMMITTED.glob("separation--*.json"))
FALSE = (ROOT / "docs" / "own-statement.py").read_text().replace('"C sqrt(log(n m)/m) size"', '"C size/sqrt(m)"', 1)


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(survey, "PILOT", 2**14)
    for module in (climbs, autopsy):
        monkeypatch.setattr(module, "FAR", 2**18)
        monkeypatch.setattr(module, "CLOSE", 2**20)
    monkeypatch.setattr(climbs, "WIDER", 2**20)


def test_an_autopsy_has_all_its_parts(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", str(FLIPS)]) == 0
    printed = capsys.readouterr().out
    titles = [
        "What is compared", "What it comes to", "Where it breaks", "How typical that is", "What it takes", "What the adversary did",
        "What it rests on", "Again, from Python",
    ]  # fmt: skip
    places = [printed.index(f"\n{title}\n") for title in titles]
    assert places == sorted(places)
    words = " ".join(printed.split())
    assert "<= C m omega L = 2.927, where C = 3.29, L = 1, m = 64, omega = 0.0139" in words
    assert "it may fail with probability n L exp(-c m omega^(2/3) L) = 2.47%" in words
    assert "left side 7 > right side 2.927 in trial 2, i = 1, l = 1, ‖D~_l - D_l‖_0 <= C m omega L" in words
    assert printed.rstrip().splitlines()[-1].startswith("seed 7, ")
    assert all(len(line) <= 100 for line in printed.splitlines() if "  " not in line.strip() and "read_counterexample" not in line
               and "print(" not in line)  # fmt: skip


def test_a_page_with_its_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", str(SEPARATION), "--folder", str(tmp_path / "autopsy"), "--quiet"]) == 0
    page = tmp_path / "autopsy" / f"{SEPARATION.stem}.md"
    assert capsys.readouterr().out.startswith(f"wrote {page}; ")
    text = page.read_text()
    linked = re.findall(r"\]\(([^)]+)\)", text)
    assert [name.rsplit("-", 1)[1] for name in linked] == ["places.svg", "ratios.svg", "sizes.svg"]
    assert all((page.parent / name).read_text().lstrip().startswith("<?xml") for name in linked)
    assert {path.name for path in page.parent.iterdir()} == {page.name, *linked}
    assert text.startswith("# separation (Lemma 7.5), false variant 'separation 0.99 delta'\n\n## What is compared\n\n")


def test_json_has_the_same_facts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", str(SEPARATION), "--json", "-"]) == 0
    found = msgspec.json.decode(capsys.readouterr().out, type=Autopsy)
    assert (found.statement, found.variant, found.file, found.decision.at) == (
        "separation", "separation 0.99 delta", SEPARATION.name, "l = 1, i = 1, j = 2",
    )  # fmt: skip


def test_a_refuted_statement_of_ones_own_leads_to_its_autopsy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    module, folder = tmp_path / "my lemma.py", tmp_path / "found"
    module.write_text(FALSE)
    arguments = ["--module", str(module), "--seed", "1", "--folder", str(folder), "--processes", "1"]
    assert main(["check", "loudest-neuron", *arguments]) == 1
    printed = capsys.readouterr().out
    (line,) = [line for line in printed.splitlines() if "inspect with" in line]
    file = folder / "loudest-neuron--seed-1--simplest.json"
    assert line == f"  inspect with lemmafuzz inspect {file} --module '{module}'"
    assert main(["inspect", str(file), "--module", str(module)]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "<= C size/sqrt(m), where C = 3" in printed
    assert f"own_statements([Path({str(module)!r})])" in printed


@pytest.mark.parametrize(("changes", "sentence"), [
    ({"decision.variant": "none such"}, r"cannot inspect the counterexample: .* has no false variant 'none such' any more"),
    ({"decision.statement": "own", "module": "own.py"}, r"no statement 'own'; it was declared in the module own.py: name that file"),
    ({"decision.engine": "vectors"}, r"statement 'separation' is no longer run on 'vectors'"),
    ({"inputs": [[0.1, 0.2]]}, r"counterexample field 'inputs' needs 2 rows"),
    ({"schema": 99}, r"has schema 99; this version reads schema 1"),
])  # fmt: skip
def test_what_does_not_fit_is_one_sentence(
    changes: dict[str, object], sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = json.loads(SEPARATION.read_bytes())
    for field, value in changes.items():
        *path, last = field.split(".")
        inner = content
        for name in path:
            inner = inner[name]
        inner[last] = value
    file = tmp_path / "file.json"
    file.write_text(json.dumps(content))
    assert main(["inspect", str(file), "--folder", str(tmp_path / "page")]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert len(printed.err.strip().splitlines()) == 1
    assert re.search(sentence, printed.err)
    assert [path.name for path in tmp_path.iterdir()] == ["file.json"], "nothing was written"


@pytest.mark.parametrize(("arguments", "sentence"), [
    (["nowhere.json"], "cannot read the counterexample nowhere.json: No such file"),
    ([str(SEPARATION), "--module", "nowhere.py"], "module nowhere.py does not exist"),
    ([str(SEPARATION), "--folder", str(SEPARATION)], "it is not a folder"),
    ([str(SEPARATION), "--folder", "no/such/folder"], "there is no folder"),
])  # fmt: skip
def test_files_that_are_not_there(arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", *arguments]) == 2
    assert sentence in capsys.readouterr().err

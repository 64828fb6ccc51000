"""A report can be written again from the facts that it left, and leaves no page of an earlier one behind."""

from __future__ import annotations

import gzip
import math
from pathlib import Path

import msgspec
import pytest

from checkers.command_line.main import main
from checkers.errors import InputError
from checkers.records.decisions import CheckRun, PowerRun
from checkers.records.mutants import MutantResult, MutantRun, MutantScore
from checkers.records.report import Facts
from checkers.records.sharpened import Conjecture, Frontier, SharpenRun
from checkers.report.facts_file import joined_mutants, packed, read_facts
from checkers.report.write import PAGE
from tests.checkers.report import full_size
from theorems import registry

FORM = registry["forward-norm"]


def small(*names: str) -> Facts:
    """A check and the false variants of a few statements."""
    forms = [registry[name] for name in names]
    return Facts(
        check=CheckRun(seed=7, alpha=1e-6, profile="quick", verdicts=[full_size.verdict(one) for one in forms]),
        power=PowerRun(seed=7, alpha=1e-6, profile="quick", variants=[found for one in forms for found in full_size.variants(one)]),
        trainings=[], titles=[], versions={"python": "3"},
    )  # fmt: skip


def test_facts_come_back_as_they_were_infinities_too(tmp_path: Path) -> None:
    endless = msgspec.structs.replace(full_size.verdict(FORM), worst_ratio=math.inf)
    facts = msgspec.structs.replace(small("forward-norm"), check=CheckRun(seed=7, alpha=1e-6, profile="quick", verdicts=[endless]))
    path = tmp_path / "facts.msgpack.gz"
    path.write_bytes(packed(facts))
    assert read_facts(path) == facts
    assert packed(facts) == packed(read_facts(path))


@pytest.mark.parametrize(
    "content",
    [b"", b"no facts", gzip.compress(b"no facts", mtime=0), gzip.compress(msgspec.msgpack.encode({"check": 1}), mtime=0),
     gzip.compress(b"x", mtime=0)[:-3]],
    ids=["empty", "text", "packed text", "other facts", "cut off"],
)  # fmt: skip
def test_what_is_no_file_of_facts_is_refused_in_a_sentence(
    content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "facts"
    path.write_bytes(content)
    assert main(["report", "--from", str(path), "--folder", str(tmp_path)]) == 2
    assert "holds no facts of a report" in capsys.readouterr().err
    assert [one.name for one in tmp_path.iterdir()] == ["facts"]
    with pytest.raises(InputError, match="No such file"):
        read_facts(tmp_path / "missing")


def test_the_same_report_is_written_again_and_stale_pages_of_earlier_ones_go(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, folder = tmp_path / "facts", tmp_path / "there"
    folder.mkdir()
    path.write_bytes(packed(small("forward-norm", "operator-norm")))
    assert main(["report", "--from", str(path), "--folder", str(folder)]) == 0
    first = {one.name: one.read_bytes() for one in folder.rglob("*") if one.is_file()}
    assert {"forward-norm.md", "operator-norm.md", "where-operator-norm.svg", "facts.msgpack.gz"} <= set(first)
    assert first["facts.msgpack.gz"] == path.read_bytes()
    assert first["forward-norm.md"].startswith(PAGE.encode())
    (folder / "report" / "mine.md").write_text("# Not written by lemmafuzz")
    (folder / "report" / "mine.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (folder / "report" / "notes.txt").write_text("mine")
    path.write_bytes(packed(small("forward-norm")))
    assert main(["report", "--from", str(path), "--folder", str(folder)]) == 0
    left = {one.name for one in (folder / "report").iterdir()}
    assert {"mine.md", "mine.svg", "notes.txt", "forward-norm.md", "where-forward-norm.svg"} <= left
    assert not left & {"operator-norm.md", "where-operator-norm.svg"}
    assert "seed 7" in capsys.readouterr().out


def test_facts_about_what_nobody_declares_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    facts = small("forward-norm")
    path = tmp_path / "facts"
    other = msgspec.structs.replace(facts.check.verdicts[0], id="nobodys-own")
    path.write_bytes(packed(msgspec.structs.replace(facts, check=msgspec.structs.replace(facts.check, verdicts=[other]))))
    assert main(["report", "--from", str(path), "--folder", str(tmp_path)]) == 2
    assert "'nobodys-own', which nobody declares here" in capsys.readouterr().err
    variant = msgspec.structs.replace(facts.power.variants[0], variant="of an older edition")
    path.write_bytes(packed(msgspec.structs.replace(facts, power=msgspec.structs.replace(facts.power, variants=[variant]))))
    assert main(["report", "--from", str(path), "--folder", str(tmp_path)]) == 2
    assert "another edition of 'forward-norm'" in capsys.readouterr().err
    assert [one.name for one in tmp_path.iterdir()] == ["facts"]


@pytest.mark.parametrize("option", [["--seed", "1"], ["--profile", "quick"], ["--processes", "1"], ["--device", "cpu"]], ids=str)
def test_options_of_a_run_have_nothing_to_choose(option: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "facts"
    path.write_bytes(packed(small("forward-norm")))
    assert main(["report", "--from", str(path), "--folder", str(tmp_path), *option]) == 2
    assert f"--from runs nothing, so {option[0]} has nothing to choose" in capsys.readouterr().err


def test_a_run_of_mutants_stands_beside_the_verdicts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    score = MutantScore(
        id="forward-norm", architecture="fully connected", mutants=2, refuted=1, slack=0, outside=0, missed=1,
        score=0.5, notes=[],
    )  # fmt: skip
    mutant = MutantResult(
        id="forward-norm", architecture="fully connected", mutant="m dropped", kind="exponent", claim="", outcome="missed",
        instances=3, trials=12, measured=None,
        ratio=math.inf, reach=None,
    )  # fmt: skip
    run = MutantRun(seed=3, alpha=1e-6, profile="quick", scores=[score], mutants=[mutant], seconds=1.0)
    facts, mutants = tmp_path / "facts", tmp_path / "mutants.json"
    facts.write_bytes(packed(small("forward-norm")))
    mutants.write_bytes(msgspec.json.encode(run))
    arguments = ["report", "--from", str(facts), "--folder", str(tmp_path), "--mutants", str(mutants)]
    assert main(arguments) == 0
    assert "1 of 2 mutants that are false (quick, seed 3)" in (tmp_path / "REPORT.md").read_text()
    assert "| 1/2 |" in (tmp_path / "report" / "forward-norm.md").read_text()
    capsys.readouterr()
    for content in (b"", b"[]", b"{}", b'{"mutants": 3}', b"\xff"):
        mutants.write_bytes(content)
        assert main(arguments) == 2
        assert "it is not what `lemmafuzz mutants --json` writes" in capsys.readouterr().err


def test_runs_of_mutants_are_joined_and_the_later_one_counts(tmp_path: Path) -> None:
    def written(name: str, seed: int, *scores: tuple[str, int]) -> Path:
        made = [
            MutantScore(
                id=identifier, architecture="fully connected", mutants=2, refuted=refuted, slack=0, outside=0, missed=2 - refuted,
                score=refuted / 2, notes=[],
            )
            for identifier, refuted in scores
        ]  # fmt: skip
        path = tmp_path / name
        path.write_bytes(msgspec.json.encode(MutantRun(seed=seed, alpha=1e-6, profile="quick", scores=made, mutants=[], seconds=1.0)))
        return path

    first, second = written("first", 3, ("forward-norm", 1), ("separation", 1)), written("second", 3, ("separation", 2))
    joined = joined_mutants([first, second])
    assert [(one.id, one.refuted) for one in joined.scores] == [("forward-norm", 1), ("separation", 2)]
    assert joined.seconds == 2
    with pytest.raises(InputError, match=r"other is of seed 4, profile quick; .*first of 3, quick"):
        joined_mutants([first, written("other", 4, ("separation", 2))])


def test_conjectures_have_a_section_of_their_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    row = Frontier(axis="width", stronger="smaller", claimed=-0.25, conjectured=-0.5, measured=-0.5, low=-0.51, high=-0.49, refuted=-0.51)
    kept = Conjecture(id="kernel-limit-conjecture", of="kernel-limit", verdict="OPEN", claim="|K - K_inf| <= C/sqrt(m)", frontier=[row])
    dropped = Conjecture(id="", of="sign-flips", verdict="NOTHING SHARPER", why="every sharper bound that was tried is refuted")
    facts, conjectures = tmp_path / "facts", tmp_path / "conjectures.json"
    facts.write_bytes(packed(small("kernel-limit")))
    conjectures.write_bytes(msgspec.json.encode(SharpenRun(seed=1, profile="quick", conjectures=[kept, dropped])))
    arguments = ["report", "--from", str(facts), "--folder", str(tmp_path), "--conjectures", str(conjectures)]
    assert main(arguments) == 0
    text = (tmp_path / "REPORT.md").read_text()
    section = text[text.index("## Conjectures") :].split("## ")[1]
    assert "- kernel-limit: |K - K\\_inf| <= C/sqrt(m)" in section
    assert "None is proved" in section
    assert "-0.25 to -0.51" in section
    assert "sign-flips:" not in section, "nothing is conjectured of it"
    assert main(arguments[:-2]) == 0
    assert "## Conjectures" not in (tmp_path / "REPORT.md").read_text()
    conjectures.write_bytes(b"{}")
    assert main(arguments) == 2
    assert "it is not what `lemmafuzz sharpen --json` writes" in capsys.readouterr().err

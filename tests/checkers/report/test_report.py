"""REPORT.md and its figures: all the facts, well-formed, written whole, and the same bytes for the same facts."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from checkers.command_line.main import main
from checkers.evidence.profiles import PROFILES
from checkers.experiments import everything
from checkers.experiments.width import inside_the_regime, threshold
from checkers.machine.files import write_whole
from checkers.records.report import Facts
from checkers.records.training import StepCheck, TrainingRun
from checkers.report import figures, training_findings
from checkers.report.graph import COLOURS
from checkers.report.markdown import markdown
from checkers.report.statement_page import page
from checkers.report.text import plain
from checkers.runs import suite
from theorems import registry

ROOT = Path(__file__).parents[3]
MODULE = ROOT / "docs" / "own-statement.py"
CHOSEN = [registry["relu-difference"], registry["separation"]]
WRITTEN = [
    "REPORT.md", "facts.msgpack.gz", "margins.svg", "relu-difference.md", "report", "separation.md", "training-1.svg", "training.md",
    "where-relu-difference.svg", "where-separation.svg",
]  # fmt: skip


def training(blame: str = "") -> TrainingRun:
    return TrainingRun(
        seed=5,
        width=64,
        depth=2,
        samples=4,
        outputs=3,
        delta=0.25,
        algorithm="gradient descent",
        step_size=0.01,
        weights="dense",
        loss=[2.0 * 0.5**t for t in range(13)],
        radius=[1 - 0.5**t for t in range(13)],
        accuracy=[min(1.0, t / 10) for t in range(13)],
        checks=[StepCheck(id="gd-rate", verdict="HOLDS", steps=12, first_failure=-1, worst_ratio=0.5, worst_step=1)],
        blame=blame,
        data="digits",
        labels="random",
        steps=12,
        reached=True,
    )


@pytest.fixture(scope="module")
def facts() -> Facts:
    """A real check and a real power run of two statements, and a training run made up."""
    options = {"seed": 5, "profile": PROFILES["quick"]}
    return Facts(
        check=suite.check(CHOSEN, **options),  # type: ignore[arg-type]
        power=suite.power(CHOSEN, **options),  # type: ignore[arg-type]
        trainings=[training()],
        titles=["a run"],
        versions={"python": "3", "torch": "2"},
    )


def rows(text: str, header: str) -> list[list[str]]:
    """The cells of the first table whose header row begins with `header`, a regular expression."""
    start = re.search(rf"\| {header}", text)
    assert start is not None
    lines = text[start.start() :].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def test_every_statement_has_a_row_with_all_that_is_promised(facts: Facts) -> None:
    text = markdown(facts, CHOSEN)
    header = text[text.index("| statement") :].splitlines()[0]
    promised = ["statement", "paper", "verdict", "grade", "instances", "trials", "failures", "detectable rate", "at a corner",
                "worst ratio", "false variants refuted"]  # fmt: skip
    assert [name for name in promised if name not in header] == []
    table = rows(text, "statement")
    assert [row[0] for row in table] == [f"[{name}](report/{name}.md)" for name in ("relu-difference", "separation")]
    assert all(len(row) == len(promised) and all(row) for row in table)
    assert table[1][1:3] == ["Lemma 7.5", "HOLDS"]
    assert table[1][-1] == "3 of 3"


def test_every_false_variant_has_a_row_with_its_counterexample_on_its_page(facts: Facts) -> None:
    for statement in CHOSEN:
        text = page(statement.id, facts, {one.id: one for one in CHOSEN}, registry)
        table = rows(text, r"architecture +\| false variant")
        assert [row[1] for row in table] == [plain(variant.name).replace("|", "\\|") for variant in statement.variants]
        assert all(row[4] == "REFUTED" and "trials fail where probability" in row[6] for row in table)
        assert {row[7].split(":")[0] for row in table} <= {"certified", "confirmed in float64"}


def test_the_report_says_how_to_reproduce_it(facts: Facts) -> None:
    text = markdown(facts, CHOSEN)
    assert "lemmafuzz report --profile quick --seed 5\n" in text
    assert "python 3, torch 2" in text


def test_the_report_does_not_depend_on_the_time_it_took(facts: Facts) -> None:
    slow = msgspec.structs.replace(facts, check=msgspec.structs.replace(facts.check, seconds=1e6))
    assert markdown(slow, CHOSEN) == markdown(facts, CHOSEN)


def test_the_graph_has_each_statement_once_in_its_verdicts_colour(facts: Facts) -> None:
    refuted = [msgspec.structs.replace(facts.check.verdicts[0], verdict="REFUTED", grade=""), facts.check.verdicts[1]]
    text = markdown(msgspec.structs.replace(facts, check=msgspec.structs.replace(facts.check, verdicts=refuted)), CHOSEN)
    graph = text[text.index("```mermaid") :].split("```")[1]
    assert graph.count("relu-difference:::refuted") == 1
    assert graph.count("separation:::holds") == 1
    assert COLOURS["REFUTED"] in graph
    assert "REFUTED: relu-difference" in text[: text.index("## What we learned")]


def test_a_broken_training_step_is_blamed(facts: Facts) -> None:
    text = markdown(msgspec.structs.replace(facts, trainings=[training("forward-norm")]), CHOSEN)
    assert "a run did not train, forward-norm broke first" in text
    assert "0 of 1 training runs reached their goal" in text
    blamed = msgspec.structs.replace(facts, trainings=[training("forward-norm")])
    assert "what broke first: **forward-norm**" in training_findings.page(blamed)


def test_two_hundred_digits_are_trained_in_all_eight_ways() -> None:
    plans = [plan for plan in everything.TRAININGS if plan.samples == 200]
    eight = {(plan.labels, plan.setup.keywords["loss"], plan.setup.keywords["batch"]) for plan in plans}
    assert len(eight) == 8


def test_every_run_is_in_one_figure(facts: Facts) -> None:
    many = msgspec.structs.replace(facts, trainings=[training()] * 13)
    parts = [range(13)[part] for _, part in training_findings.figure_files(many)]
    assert [place for part in parts for place in part] == list(range(13))
    assert max(map(len, parts)) <= len(figures.RUN_COLOURS)


def test_the_command_writes_the_report_and_its_exit_code(
    facts: Facts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(everything, "gather", lambda *_, **__: facts)
    assert main(["report", "--folder", str(tmp_path)]) == 0
    assert sorted(path.name for path in tmp_path.rglob("*")) == WRITTEN
    assert (tmp_path / "REPORT.md").read_text().startswith("# Report\n")
    assert "seed 5" in capsys.readouterr().out
    survivor = msgspec.structs.replace(facts.power.variants[0], verdict="HOLDS", counterexample=None)
    power = msgspec.structs.replace(facts.power, variants=[survivor])
    monkeypatch.setattr(everything, "gather", lambda *_, **__: msgspec.structs.replace(facts, power=power))
    assert main(["report", "--folder", str(tmp_path)]) == 1
    assert "none found" in (tmp_path / "report" / f"{survivor.id}.md").read_text()
    assert f"not refuted: {survivor.id}" in (tmp_path / "REPORT.md").read_text()


KILLED = """
import os, signal, sys
from pathlib import Path
signal.signal(signal.SIGINT, signal.default_int_handler)  # which a shell in the background has its jobs ignore
import msgspec
from checkers.experiments import everything
from checkers.command_line.main import main

def gather(statements, *, kept, **options):
    kept.counterexamples.mkdir(parents=True)
    for number in range(3):
        (kept.counterexamples / f"{number}.json").touch()
    sys.stdout.write("begun\\n")
    sys.stdout.flush()
    import time
    time.sleep(60)

everything.gather = gather
sys.exit(main(["report", "--seed", "1"]))
"""


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda end: end.name)
def test_a_report_that_is_stopped_leaves_the_old_one_and_what_it_found(
    end: signal.Signals, facts: Facts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What it found is in a hidden folder, which the next report removes, with what is left of one that is killed."""
    (tmp_path / "REPORT.md").write_text("old")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    process = subprocess.Popen([sys.executable, "-c", KILLED], cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    process.send_signal(end)
    process.communicate(timeout=60)
    names = [path.name for path in tmp_path.iterdir() if not path.name.startswith(".lemmafuzz-")]
    assert (names, (tmp_path / "REPORT.md").read_text()) == (["REPORT.md"], "old")
    if end != signal.SIGKILL:
        assert process.returncode == 2
        assert sorted(path.name for path in tmp_path.iterdir()) == [".lemmafuzz-report", "REPORT.md"]
    monkeypatch.setattr(everything, "gather", lambda *_, **__: facts)
    assert main(["report", "--folder", str(tmp_path)]) == 0
    assert sorted(path.name for path in tmp_path.rglob("*")) == WRITTEN
    capsys.readouterr()


def test_a_users_statement_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    whole = everything.gather

    def only_the_users(statements: list[object], **options: object) -> Facts:
        return whole([statements[-1]], **options)  # type: ignore[list-item, arg-type]

    monkeypatch.setattr(everything, "TRAININGS", ())
    monkeypatch.setattr("checkers.experiments.reliability.decisions_of", lambda profile: 60)
    monkeypatch.setattr(inside_the_regime, "regime_groups", lambda *_: [])
    monkeypatch.setattr(threshold, "rung_groups", lambda *_: [])
    monkeypatch.setattr(threshold, "of_rungs", lambda *_: None)
    monkeypatch.setattr(everything, "gather", only_the_users)
    assert main(["report", "--folder", str(tmp_path), "--module", str(MODULE), "--processes", "1"]) == 0
    text = (tmp_path / "REPORT.md").read_text()
    assert rows(text, "statement")[0][:3] == ["[loudest-neuron](report/loudest-neuron.md)", "docs/own-statement.md", "HOLDS"]
    assert f"--module {MODULE}" in text
    page = (tmp_path / "report" / "loudest-neuron.md").read_text()
    assert "```math" in page
    assert "## False variants" in page
    facts_file = str(tmp_path / "report" / "facts.msgpack.gz")
    assert main(["report", "--from", facts_file, "--folder", str(tmp_path)]) == 2  # nobody says where it is declared
    assert main(["report", "--from", facts_file, "--folder", str(tmp_path), "--module", str(MODULE)]) == 0
    assert (tmp_path / "REPORT.md").read_text() == text


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "REPORT.md"
    path.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        write_whole(path, "\ud800")
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["REPORT.md"]

"""An interrupted report goes on from what it found, and the whole of it is what it would have been."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from checkers.command_line.main import main
from checkers.errors import InputError
from checkers.evidence.profiles import PROFILES
from checkers.experiments import everything
from checkers.experiments.unfinished import FOLDER, Unfinished
from checkers.records.events import Event, Listener, PieceDone, VariantJudged, silent
from checkers.records.experiments import Exponent, Reliability
from checkers.records.report import Facts
from checkers.runs.jobs.groups import Group, jobs
from theorems import registry

SMALL = replace(PROFILES["quick"], examples=3, power_examples=3, shrinks=2, normals=2**14, law_draws=2**12, dense_width=32)


def gathered(kept: Unfinished, progress: Listener = silent) -> Facts:
    asked: dict[str, Any] = {"seed": 1, "profile": SMALL, "device": "cpu", "modules": (), "processes": 1, "whole": False}
    found = everything.gather([registry["relu-difference"]], kept=kept, progress=progress, **asked)
    check, power = (msgspec.structs.replace(run, seconds=0.0) for run in (found.check, found.power))
    return msgspec.structs.replace(found, check=check, power=power)


def kept(place: Path, *, resume: bool = False, seed: int = 1) -> Unfinished:
    return Unfinished(place, {"seed": seed}, (), resume=resume)


def test_an_interrupted_report_goes_on_from_what_it_found(tmp_path: Path) -> None:
    heard: list[Event] = []

    def interrupted(event: Event) -> None:
        heard.append(event)
        if sum(isinstance(one, VariantJudged) for one in heard) == 2:
            raise KeyboardInterrupt

    (tmp_path / "elsewhere").mkdir()
    whole = gathered(kept(tmp_path / "elsewhere"))
    with pytest.raises(KeyboardInterrupt):
        gathered(kept(tmp_path), interrupted)
    first = [(event.phase, event.group) for event in heard if isinstance(event, PieceDone)]
    heard.clear()
    again = kept(tmp_path, resume=True)
    assert gathered(again, heard.append) == whole
    second = [(event.phase, event.group) for event in heard if isinstance(event, PieceDone)]
    assert {"statements", "false variants"} == {phase for phase, _ in first}
    assert {*first} & {*second} == {first[-1]}, "the one that was interrupted"
    assert {path.name for path in again.counterexamples.iterdir()} == {
        path.name for path in kept(tmp_path / "elsewhere", resume=True).counterexamples.iterdir()
    }


def groups() -> list[Group]:
    def nothing(settings: None, listener: Listener) -> None:
        raise AssertionError

    return [jobs(nothing, None, [()], phase, ["a"])[0] for phase in ("exponents", "rows about the checker", "certificates")]


OUTCOMES: list[Any] = [
    Exponent(id="a", axis="width", claimed=1.0, measured=-1e300, low=-math.inf, high=0.5, consistent=True, points=[[1.0]], fixed={"n": 2}),
    [Reliability(what="a", truth="just true", alpha=0.1, trials=1, decisions=2, refuted=0, promised=0.1, expected=None, as_promised=True)],
    None,
]  # fmt: skip


def test_outcomes_are_read_as_they_were_written(tmp_path: Path) -> None:
    first = kept(tmp_path)
    for group, outcome in zip(groups(), OUTCOMES, strict=True):
        assert not first.holds(group)
        first.write(group, outcome)
    again = kept(tmp_path, resume=True)
    assert [again.read(group) for group in groups()] == OUTCOMES
    assert again.count == first.count == 3
    again.remove()
    assert not (tmp_path / FOLDER).exists()


def damaged(folder: Path) -> None:
    for path in folder.glob("*.msgpack"):
        path.write_bytes(b"\xff")


def beheaded(folder: Path) -> None:
    (folder / "begun.json").write_text("[]")


@pytest.mark.parametrize(
    ("change", "seed", "sentence"),
    [
        (None, 2, r"^--resume: the interrupted report in .* was begun with others: seed$"),
        (beheaded, 1, r"begun\.json is malformed: remove the folder .* to begin the report anew$"),
        (damaged, 1, r"\.msgpack is malformed: remove the folder .* to begin the report anew$"),
    ],
)
def test_what_cannot_go_on_is_one_sentence(change: Callable[[Path], None] | None, seed: int, sentence: str, tmp_path: Path) -> None:
    kept(tmp_path).write(groups()[0], OUTCOMES[0])
    if change:
        change(tmp_path / FOLDER)
    with pytest.raises(InputError, match=sentence):
        kept(tmp_path, resume=True, seed=seed).read(groups()[0])


def test_there_must_be_one_to_go_on_with(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "--folder", str(tmp_path), "--resume"]) == 2
    assert capsys.readouterr().err == f"lemmafuzz: --resume: there is no interrupted report in {tmp_path}\n"
    assert [*tmp_path.iterdir()] == []


def test_a_report_of_one_statement_has_what_is_about_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {}

    def gather(forms: Any, **options: Any) -> Facts:
        asked.update(options, forms=forms)
        raise KeyboardInterrupt

    monkeypatch.setattr(everything, "gather", gather)
    assert main(["report", "forward-norm", "--architecture", "residual", "--folder", str(tmp_path)]) == 2
    assert [(form.id, form.architecture) for form in asked["forms"]] == [("forward-norm", "residual")]
    assert not asked["whole"]
    assert main(["report", "--folder", str(tmp_path)]) == 2
    assert asked["whole"]

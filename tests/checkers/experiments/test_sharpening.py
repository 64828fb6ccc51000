"""Sharpened claims: known truths are recovered, what is refuted is never conjectured, and what a fresh seed refutes is not published."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import msgspec
import pytest

from checkers.command_line.main import main
from checkers.evidence.profiles import PROFILES
from checkers.experiments.sharpening import run
from checkers.experiments.sharpening.declaration import conjecture, shifted, text_of, with_constants
from checkers.experiments.sharpening.frontier import exact, frontier
from checkers.records.decisions import CheckRun, Decision
from checkers.records.experiments import CalibratedBand, Calibration, Exponent
from checkers.records.sharpened import Conjecture, Frontier
from checkers.report.sharpen import closing, conjectures_in_words, frontier_table
from checkers.runs.jobs.own_statements import own_statements
from checkers.runs.suite import Settings
from theorems import registry
from theorems.language.formula import Formula
from theorems.language.statement import Statement

LIMIT, LOWER, FLIPS = (registry[name] for name in ("kernel-limit", "gradient-lower", "sign-flips"))
# What `scale` measures on them with seed 1: statement, axis, measured, the interval.
MEASURED = [
    (FLIPS, "radius", 0.686, 0.525, 0.924), (FLIPS, "width", 0.999, 0.745, 1.257), (FLIPS, "depth", 0.627, -1.311, 2.28),
    (LOWER, "width", 1.001, 0.903, 1.104), (LOWER, "outputs", -1.055, -1.341, -0.769), (LOWER, "separation", 1.097, 0.619, 1.735),
    (LOWER, "samples", -0.176, -1.054, 0.816), (LIMIT, "width", -0.5, -0.523, -0.491), (LIMIT, "depth", 1.437, 1.362, 1.712),
]  # fmt: skip


def row(statement: Statement, axis: str, measured: float, low: float, high: float, *, rungs: int = 5, radii: bool = False) -> Exponent:
    values = [2.0**k for k in range(rungs)]
    return Exponent(
        id=statement.id, axis=axis, claimed=statement.claimed_exponents[axis], measured=measured, low=low, high=high, consistent=True,
        values=values, radii=[value**-9.0 for value in values] if radii else [],
    )  # fmt: skip


ROWS = [row(*one) for one in MEASURED]
WORST: dict[str, int | float | str] = {"width": 64, "depth": 1, "samples": 2, "outputs": 1, "separation": 0.5, "radius": 1e-4}


def found(statement: Statement, rows: list[Exponent] = ROWS) -> dict[str, Frontier]:
    return {one.axis: one for one in frontier(statement, rows, {})}


@pytest.mark.parametrize(
    ("statement", "bound"),
    [
        (LIMIT, "C L^(3/2) log(L/p)^(1/4)/sqrt(m)"), (LOWER, "c (delta m/(d n^(1/6))) F"), (FLIPS, "C m omega^(2/3) L^(2/3)"),
    ],
)  # fmt: skip
def test_known_truths_are_recovered(statement: Statement, bound: str) -> None:
    sharper = conjecture(statement, frontier(statement, ROWS, {}))
    assert sharper.bounds[0].expression == Formula(bound).expression
    assert sharper.bounds[1:] == statement.bounds[1:]
    assert sharper.id == f"{statement.id}-conjecture"
    assert sharper.source.startswith("conjectured: ")
    assert "gradient-lower" not in sharper.id or sharper.claimed_exponents["samples"] == pytest.approx(-1 / 6)


def test_nothing_that_is_refuted_and_nothing_weaker_than_the_claim_is_conjectured() -> None:
    depth = found(LIMIT, [row(LIMIT, "depth", 1.437, 1.55, 1.7)])["depth"]
    assert depth.conjectured == pytest.approx(10 / 6), "3/2 is nearest, and beyond what is refuted"
    assert (depth.stronger, depth.refuted) == ("smaller", 1.55)
    assert found(FLIPS, [row(FLIPS, "width", 1.3, 1.2, 1.4)])["width"].conjectured == 1.0
    samples = found(LOWER, [row(LOWER, "samples", -0.176, -0.3, -0.17)])["samples"]
    assert samples.stronger == "larger", "of a bound from below"
    assert samples.conjectured == pytest.approx(-1 / 3), "-1/6 is above the interval"
    assert found(LOWER)["separation"].stronger == "smaller", "delta is small"


@pytest.mark.parametrize("hopeless", [{"rungs": 3}, {"inside": False}])
def test_a_ladder_that_decides_nothing_sharpens_nothing(hopeless: dict[str, int | bool]) -> None:
    one = row(LIMIT, "width", -0.5, -0.51, -0.49, rungs=int(hopeless.get("rungs", 5)))
    kept = found(LIMIT, [msgspec.structs.replace(one, inside=bool(hopeless.get("inside", True)))])["width"]
    assert (kept.conjectured, kept.measured) == (-0.25, None)
    assert "no ladder in m" in kept.note


def test_what_is_sharper_in_a_radius_that_moves_is_divided_out_elsewhere() -> None:
    stability = registry["kernel-stability"]
    rows = [row(stability, "radius", 0.667, 0.5, 0.9), row(stability, "depth", -1.0, -2.0, 0.0, radii=True)]
    frontiers = found(stability, rows)
    assert frontiers["radius"].conjectured == pytest.approx(2 / 3)
    assert frontiers["depth"].measured == pytest.approx(-1.0 + (2 / 3 - 1 / 3) * 9), "omega falls like L^-9 on this ladder"


def test_a_sum_is_sharpened_in_its_first_term() -> None:
    assert shifted(Formula("C L^2 m + n"), {"L": exact(-1 / 6)}).expression == Formula("C L^(11/6) m + n").expression


def test_the_exponent_that_helps_most_where_it_was_refuted_gives_a_sixth_back() -> None:
    known = frontier(LIMIT, ROWS, {})
    deep = {one.axis: one for one in run.given_back(LIMIT, known, {"width": 64, "depth": 30}, {"width": 64, "depth": 2})}
    assert deep["depth"].conjectured == pytest.approx(1.5 + 1 / 6)
    assert deep["width"].conjectured == -0.5
    wide = {one.axis: one for one in run.given_back(LIMIT, known, {"width": 2**17, "depth": 2}, {"width": 64, "depth": 2})}
    assert wide["width"].conjectured == pytest.approx(-1 / 3)
    last = [msgspec.structs.replace(one, conjectured=-1 / 3) if one.axis == "width" else one for one in known]
    again = {one.axis: one for one in run.given_back(LIMIT, last, {"width": 2**17, "depth": 2}, {"width": 64, "depth": 2})}
    assert again["width"].conjectured == -0.25, "never less than is claimed"


def calibrated(statement: Statement, seed: int) -> list[Calibration]:
    band = CalibratedBand(value=6.0, needed=4.0, median=2.0, instances=9, networks=99, share=0.1, worst=WORST)
    bands = [band] * (len(statement.constants["C"].bands.edges) + 1 if statement.constants["C"].bands else 1)
    return [Calibration(id=statement.id, constant="C", by="", bands=bands, margin=1.5, confidence=0.95, seed=seed, sizes={})]


def settings() -> Settings:
    return Settings(1, PROFILES["quick"], 1e-6, "cpu", None, ())


def test_the_module_declares_the_conjecture(tmp_path: Path) -> None:
    base = FLIPS
    sharper = with_constants(conjecture(base, frontier(base, ROWS, {})), calibrated(base, 7))
    kept = Conjecture(id=sharper.id, of=base.id, verdict="OPEN", text=text_of(base, sharper))
    file = tmp_path / "conjectures.py"
    file.write_text(run.module_text(settings(), [kept], file, "checked"))
    assert run.is_ours(file)
    with own_statements([file], probed=True) as own:
        assert own == [sharper.id]
        read = registry[sharper.id]
        for name in ("bounds", "sentence", "source", "claimed_exponents", "exponents", "note", "measure", "failure", "ranges"):
            assert getattr(read, name) == getattr(sharper, name), name
        assert read.constants["C"].values == (6.0, 6.0)
        assert "calibrated for this bound" in read.constants["C"].provenance
        assert "m^" not in read.source
        assert read.constants["c"] == base.constants["c"]


@pytest.fixture
def stubbed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Calibrations that cost nothing; every (bound, seed) that was checked."""
    asked: list[tuple[str, int]] = []
    monkeypatch.setattr(run, "calibrate_one", calibrated)
    return asked


def refutation(statement: Statement) -> Decision:
    return Decision(
        statement=statement.id, variant="", architecture="fully connected", engine="dense", sizes={**WORST, "depth": 30}, trials=9,
        failures=9, within_rounding=0, claimed=0.01, p_value=1e-18, alpha=1e-9, refuted=True, evidence=True, ratio=2.0, left=2.0, right=1.0,
        place={}, regime_depth=1.0,
    )  # fmt: skip


def test_what_a_seed_refutes_gives_way_and_what_every_bound_fails_is_given_up(
    stubbed: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    true = 5 / 3

    def refuting(_: Settings, sharper: Statement, seed: int) -> Decision | None:
        stubbed.append((sharper.bounds[0].text, seed))
        return refutation(sharper) if sharper.claimed_exponents["depth"] < true - 1e-9 else None

    monkeypatch.setattr(run, "refuting", refuting)
    one = run.sharpen_one(settings(), lambda _: None, LIMIT.id, frontier(LIMIT, ROWS, {}))
    assert one.verdict == "OPEN"
    assert [bool(tried.refuted_by) for tried in one.attempts] == [True, False]
    assert {axis.axis: axis.conjectured for axis in one.frontier}["depth"] == pytest.approx(true)
    seeds = {seed for _, seed in stubbed}
    assert len(seeds) == run.SEEDS, "the same for every bound, so that no bound is lucky in its seeds"
    true = 9.0
    given_up = run.sharpen_one(settings(), lambda _: None, LIMIT.id, frontier(LIMIT, ROWS, {}))
    assert (given_up.verdict, len(given_up.attempts), given_up.text) == ("NOTHING SHARPER", run.ATTEMPTS, "")
    assert all(axis.conjectured == axis.claimed for axis in given_up.frontier)


@pytest.mark.parametrize("verdict", ["HOLDS", "REFUTED"])
def test_what_the_check_of_the_module_refutes_is_not_published(
    stubbed: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, verdict: str
) -> None:
    checked = CheckRun(seed=5, alpha=1e-6, profile="quick", verdicts=[])
    monkeypatch.setattr(run, "refuting", lambda *_: None)

    def check(own: list[str], *, seed: int, **_: object) -> CheckRun:
        assert seed not in [run.fresh_seed(1, LIMIT.id, number) for number in range(run.SEEDS)]
        one = json.loads('{"id": "", "architecture": "", "verdict": "", "grade": "", "instances": 1, "trials": 1, "failures": 0,'
                         ' "detectable_rate": 0.1, "worst_ratio": 1.0, "constant": "", "provenance": "", "regime": ""}')  # fmt: skip
        verdicts = [{**one, "id": name, "verdict": verdict} for name in own]
        return msgspec.convert({**msgspec.to_builtins(checked), "verdicts": verdicts}, CheckRun)

    monkeypatch.setattr(run, "check", check)
    file = tmp_path / "conjectures.py"
    result = run.sharpen([LIMIT, registry["gradient-formula"]], seed=1, rows=ROWS, mutants=[], file=file)
    assert [one.of for one in result.conjectures] == ["kernel-limit", "gradient-formula"]
    assert result.conjectures[1].verdict == "NOT SHARPENED"
    assert file.exists() == (verdict == "HOLDS") == bool(result.module)
    words = conjectures_in_words(result.conjectures) + closing(result)
    assert ("conjectured as kernel-limit-conjecture: " in words) == (verdict == "HOLDS")
    assert ("with seed 5 says REFUTED" in words) == (verdict == "REFUTED")
    assert "no facts" in words
    table = frontier_table(result.conjectures)
    assert "2.5 to 1.36" in table
    assert "below 1.36" in table


def test_bad_input_is_one_sentence_and_changes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine = tmp_path / "mine.py"
    mine.write_text("# my own\n")
    assert main(["sharpen", "kernel-limit", "--file", str(mine)]) == 2
    assert "was not written by `lemmafuzz sharpen`" in capsys.readouterr().err
    assert mine.read_text() == "# my own\n"
    broken = tmp_path / "scale.json"
    broken.write_text('[{"id": 3}]')
    for option, command in (("--scale", "scale"), ("--mutants", "mutants")):
        assert main(["sharpen", "kernel-limit", "--file", str(tmp_path / "out.py"), option, str(broken)]) == 2
        assert f"not what `lemmafuzz {command} --json` writes" in capsys.readouterr().err
    assert not (tmp_path / "out.py").exists()


@pytest.mark.slow
def test_a_false_conjecture_is_refuted_and_the_true_one_stands(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """K_ii varies like L^{3/2} m^{-1/2}: a ladder that seems to measure L^1 m^{-2/3} is contradicted where networks are wide and deep."""
    from checkers.experiments import calibration

    monkeypatch.setattr(calibration, "SMALL", dataclasses.replace(calibration.SMALL, examples=12, law_draws=2**16))
    monkeypatch.setattr(run, "SEEDS", 1)
    rows = [row(LIMIT, "width", -2 / 3, -0.7, -0.5), row(LIMIT, "depth", 1.5, 1.4, 1.6)]
    one = run.sharpen_one(settings(), lambda _: None, LIMIT.id, frontier(LIMIT, rows, {}))
    assert one.verdict == "OPEN"
    assert one.attempts[0].refuted_by is not None
    assert {axis.axis: axis.conjectured for axis in one.frontier}["width"] == pytest.approx(-1 / 2)

"""What a terminal shows while a run is at work."""

from __future__ import annotations

import sys

import pytest

from checkers.command_line.terminal import judged, progress_bars
from checkers.records.decisions import VariantVerdict
from checkers.records.events import Advanced, StatementJudged, VariantJudged
from checkers.runs.suite import check
from theorems import registry


def test_a_verdict_is_said_as_soon_as_it_is_known(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    shown = []
    with progress_bars(quiet=False) as progress:
        run = check([registry["relu-difference"]], seed=1, profile="glance", progress=progress)
        shown.append(capsys.readouterr().err)
        progress(VariantJudged(VariantVerdict(
            id="separation", variant="[bold] 0.99 delta", kind="constant", architecture="residual", verdict="REFUTED", instances=1,
            counterexample=None,
        )))  # fmt: skip
        progress(Advanced("statements", 1, 2))
        shown.append(capsys.readouterr().err)
    (verdict,) = run.verdicts
    assert judged(StatementJudged(verdict)) in shown[0], "before the run's end"
    assert f"HOLDS         relu-difference, fully connected: {verdict.failures} of {verdict.trials:,} trials failed" in shown[0]
    assert "REFUTED       separation, residual: [bold] 0.99 delta\n" in shown[1], "no markup"


def test_in_a_pipe_and_where_it_is_to_be_quiet_nothing_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for terminal, quiet in ((False, False), (True, True)):
        monkeypatch.setattr(sys.stderr, "isatty", lambda terminal=terminal: terminal)
        with progress_bars(quiet=quiet) as progress:
            progress(Advanced("statements", 1, 2))
    assert capsys.readouterr() == ("", "")

"""`lemmafuzz train`: its options, and its sentences for those that cannot be."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from checkers.command_line.main import main
from checkers.training.chain import Chain
from theorems.laws.losses import losses

ROOT = Path(__file__).parents[2]
OWN_LOSS = ROOT / "docs" / "own-loss.py"
SHORT = "--samples 5 --width 48 --depth 1 --steps 25 --seed 2"


def facts(options: str, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    code = main(["train", *SHORT.split(), "--json", "-", *options.split()])
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert code == (1 if found["blame"] else 0)
    return found


def test_sgd_is_told_from_gradient_descent(capsys: pytest.CaptureFixture[str]) -> None:
    found = facts("--algorithm sgd --batch 2", capsys)
    assert (found["algorithm"], found["batch"]) == ("stochastic gradient descent", 2)
    assert len(found["loss"]) == len(found["radius"]) == len(found["recorded"])
    assert (found["recorded"][0], found["recorded"][-1]) == (0, 25)
    assert facts("--algorithm sgd", capsys)["batch"] == 5
    assert facts("", capsys)["batch"] == 0


@pytest.mark.parametrize("name", list(losses))
def test_every_loss_can_be_named(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = facts(f"--loss {name}", capsys)
    assert found["loss_function"] == name
    assert found["loss"][-1] < found["loss"][0]


def test_a_loss_of_ones_own(capsys: pytest.CaptureFixture[str]) -> None:
    found = facts(f"--loss pseudo-huber --module {OWN_LOSS}", capsys)
    assert found["loss_function"] == "pseudo-huber"
    assert {check["id"]: check["verdict"] for check in found["checks"]}["other-losses"] == "HOLDS"


def test_held_out_samples_are_compared_with_the_kernel(capsys: pytest.CaptureFixture[str]) -> None:
    found = facts("--held-out 7", capsys)["prediction"]
    assert found["held_out"] == 7
    assert len(found["held_out_gap"]) == len(found["gap"]) == len(found["steps"])
    assert 0 <= found["held_out_accuracy"] <= 1
    assert facts("--held-out 7 --labels random", capsys)["prediction"]["held_out_accuracy"] == -1
    assert facts("", capsys)["prediction"] is None


def test_single_precision(capsys: pytest.CaptureFixture[str]) -> None:
    single, double = facts("--dtype float32", capsys), facts("", capsys)
    assert single["loss"] != double["loss"]
    assert single["loss"] == pytest.approx(double["loss"], rel=1e-3)
    assert single["planned_bytes"] < double["planned_bytes"]


def test_a_run_is_resumed_from_its_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from checkers.training import checkpoint

    monkeypatch.setattr(checkpoint.Saver.__init__, "__defaults__", (0.0,))
    path = tmp_path / "state.npz"
    whole = facts(f"--checkpoint {path}", capsys)
    again = facts(f"--resume {path}", capsys)
    assert {**again, "seconds": 0} == {**whole, "seconds": 0}


@pytest.mark.parametrize("options", ["", "--goal 0.9", "--algorithm sgd --batch 3", "--weights revealed"])
def test_a_finished_run_has_saved_its_last_step(options: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In less time than passes between two checkpoints."""
    from checkers.training import checkpoint

    path = tmp_path / "state.npz"
    found = facts(f"--checkpoint {path} {options}", capsys)
    assert checkpoint.read(path)[0].step == found["steps"]
    assert {**facts(f"--resume {path} {options}", capsys), "seconds": 0} == {**found, "seconds": 0}


INTERRUPTED = """
import os, signal, sys
from checkers.command_line.main import main
from checkers.training.chain import Chain

examine = Chain.examine

def interrupted(self, step, *given):
    if step == 7:
        os.kill(os.getpid(), getattr(signal, sys.argv[1]))
    examine(self, step, *given)

Chain.examine = interrupted
sys.exit(main(sys.argv[2:]))
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_an_interrupted_run_has_saved_the_step_it_stood_at(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = facts("", capsys)
    options = ["train", *SHORT.split(), "--checkpoint", "state.npz", "--quiet"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, name, *options], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    sentence = "lemmafuzz: interrupted at step 7: --resume state.npz goes on from there\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", sentence)
    assert [path.name for path in tmp_path.iterdir()] == ["state.npz"]
    assert {**facts(f"--resume {tmp_path / 'state.npz'}", capsys), "seconds": 0} == {**whole, "seconds": 0}


def test_sizes_outside_a_lemmas_regime_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A class for each of 40 samples at m = 16: ‖B‖ is no longer near sqrt(m/d), which the bounds rest on, and one of them, a thousandth of
    what it is, does not hold."""
    claimed = Chain.claimed
    monkeypatch.setattr(Chain, "claimed", lambda self, identifier, **known: [
        side / (1000 if identifier == "gradient-upper" else 1) for side in claimed(self, identifier, **known)
    ])  # fmt: skip
    rows = [f"{math.cos(k)},{math.sin(k)},{math.cos(2 * k)},c{k}" for k in range(40)]
    (tmp_path / "classes.csv").write_text("\n".join(["a,b,c,kind", *rows]) + "\n")
    options = ["--data", str(tmp_path / "classes.csv"), "--label-column", "kind", "--width", "16", "--depth", "2", "--steps", "3"]
    code = main(["train", *options, "--seed", "1", "--json", str(tmp_path / "facts.json")])
    printed = capsys.readouterr().out
    found = json.loads((tmp_path / "facts.json").read_text())
    assert code == (1 if found["blame"] else 0)
    outputs, sparse = (one for one in found["outside"] if one["quantity"] == "outputs")
    assert (outputs["formula"], outputs["value"], outputs["limit"]) == ("d <= c m/L", 40, 16 / (8 * 2))
    assert (sparse["of"], sparse["formula"], sparse["value"]) == (["backward-stability"], "d <= m/(L log(m))", 40)
    assert sparse["limit"] == pytest.approx(16 / (2 * math.log(16)))
    assert {"gradient-upper", "gradient-lower", "semi-smoothness"} <= set(outputs["ids"])
    assert "gradient-upper does not hold from step 0 on, 0 away from W(0): at sizes that it does not speak of, so that refutes" in printed
    assert "d <= c m/L of gradient-upper, 1 here, not 40" in printed
    assert [line.split()[1:3] for line in printed.splitlines() if line.startswith("gradient-upper  ")] == [["FAILED", "outside"]]


def test_the_text_says_what_is_planned_done_and_explained(capsys: pytest.CaptureFixture[str]) -> None:
    main(["train", *SHORT.split(), "--held-out", "3"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("memory planned: ")
    assert any(line.startswith("The step size is 0.75 of the largest") for line in lines)
    assert any("Held-out accuracy: network" in line for line in lines)
    assert lines[-1].startswith("seed 2, ")


def test_the_papers_step_sizes(capsys: pytest.CaptureFixture[str]) -> None:
    delta, d, n, m = (facts("", capsys)[name] for name in ("delta", "outputs", "samples", "width"))
    assert facts("--step-size paper", capsys)["step_size"] == pytest.approx(d * delta / (n**4 * m))
    expected = 20 * 2 * d * delta / (n**2 * m * math.log(m) ** 2)
    assert facts("--step-size paper --algorithm sgd --batch 2", capsys)["step_size"] == pytest.approx(expected)
    assert facts("--step-size 0.001", capsys)["step_size"] == 0.001


def test_the_hardest_labels_are_learned_last(capsys: pytest.CaptureFixture[str]) -> None:
    hard, easy = (facts(f"--outputs 1 --width 512 --labels {labels}", capsys) for labels in ("hardest", "random"))
    assert hard["loss"][-1] / hard["loss"][0] > easy["loss"][-1] / easy["loss"][0]
    assert hard["accuracy"] == []


BAD = [
    ("--step-size nan", "not a positive, finite number"),
    ("--step-size 0", "not a positive, finite number"),
    ("--step-size large", "'large' is neither a number nor 'paper'"),
    ("--batch 3", "--batch 3 needs --algorithm sgd"),
    ("--algorithm sgd --batch 6", "--batch 6 asks for more than the 5 samples"),
    ("--algorithm sgd --batch 0", "--batch"),
    ("--algorithm adam", "'adam' is not one of"),
    ("--loss cross-entrpy", "did you mean 'cross-entropy'?"),
    ("--loss zzz", "known: squared"),
    ("--dtype float16", "'float16' is not one of"),
    ("--held-out 5000", "--held-out 5000 asks for more than"),
    ("--held-out 5 --algorithm sgd", "--held-out"),
    ("--checkpoint nowhere/state.npz", "there is no folder nowhere"),
    ("--resume nowhere.npz", "nowhere.npz does not exist"),
]


@pytest.mark.parametrize(("options", "named"), BAD)
def test_what_cannot_be_is_refused_in_a_sentence(
    options: str, named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["train", *SHORT.split(), *options.split()]) == 2
    captured = capsys.readouterr()
    assert named in captured.err
    assert captured.err.count("\n") == 1
    assert not list(tmp_path.iterdir())

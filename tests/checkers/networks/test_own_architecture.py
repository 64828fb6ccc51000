"""A fourth architecture is one file: docs/own-architecture.py, checked, powered and undone; and the matrix that shows it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from checkers.command_line.main import main
from checkers.command_line.options import on_architectures
from checkers.data.training_data import TrainingData
from checkers.errors import InputError
from checkers.evidence.profiles import PROFILES
from checkers.networks.architectures.by_name import architecture_for, known
from checkers.networks.network import Network
from checkers.networks.randomness import NormalSource, seed_sequence
from checkers.report.by_architecture import matrix
from checkers.runs.jobs.own_statements import own_statements
from checkers.runs.suite import check, power
from strategies.instances import instance_from_sizes
from tests.helpers import train_on
from theorems import registry
from theorems.language.forms import FALSE, form, wrong
from theorems.language.statement import FIRST_THEORY, Constant, DeclarationError

FILE = Path(__file__).parents[3] / "docs" / "own-architecture.py"
ARCHITECTURES = ["fully connected", "residual", "convolutional"]


def test_the_example_runs_and_leaves_nothing_behind() -> None:
    cells, architectures = registry.cells(), known()
    with own_statements([FILE]) as declared:
        assert declared == ["forward-norm"]
        own = registry.form("forward-norm", "weighted skip")
        verdict = check([own], seed=1, profile=PROFILES["quick"]).verdicts[0]
        assert (verdict.verdict, verdict.grade, verdict.architecture) == ("HOLDS", "exact", "weighted skip")
        variants = power([own], seed=1, profile=PROFILES["quick"]).variants
        assert [one.verdict for one in variants] == ["REFUTED", "REFUTED"]
        assert {one.architecture for one in variants} == {"weighted skip"}
        # the gradients that nobody wrote down
        instance = instance_from_sizes(own, {"width": 8, "depth": 3, "samples": 2, "separation": 0.4, "labels": "random"})
        source = NormalSource(seed_sequence(1, "own architecture"))
        chosen = architecture_for("weighted skip", instance)
        network = Network.draw("dense", 8, 3, instance.input_dimension, 1, 2, source, architecture=chosen)
        matrices = [weights.matrix.requires_grad_() for weights in network.hidden]  # type: ignore[attr-defined]
        record = network.forward(instance.inputs)
        automatic = torch.autograd.grad(record.outputs.square().sum() / 2, matrices)
        before = network.copy()
        network.step(record, record.outputs.detach(), 1.0)
        for weights, old, gradient in zip(network.hidden, before.hidden, automatic, strict=True):
            torch.testing.assert_close(old.matrix - weights.matrix, gradient, rtol=1e-12, atol=1e-12)  # type: ignore[attr-defined]
    assert registry.cells() == cells
    assert known() == architectures


def test_every_statement_has_a_form_or_a_reason_on_every_architecture() -> None:
    assert registry.architectures(FIRST_THEORY) == ARCHITECTURES
    for statement in registry.theory(FIRST_THEORY):
        for architecture in ARCHITECTURES:
            if not registry.has_form(statement.id, architecture):
                assert registry.reason(statement.id, architecture) != "not declared for this architecture", statement.id
                continue
            own = registry.form(statement.id, architecture)
            assert (own.id, own.architecture) == (statement.id, architecture)
            assert all(registry.has_form(name, architecture) for name in own.rests_on)
            assert len({variant.kind for variant in own.variants}) >= 2


def test_forms_are_validated() -> None:
    with pytest.raises(DeclarationError, match="on 'residual' networks is declared twice"):
        form("forward-norm", "residual", variants=registry["forward-norm"].variants)
    with pytest.raises(DeclarationError, match="two false variants"):
        form("forward-norm", "own", variants=(wrong("one", "constant", constants={"c": Constant(1.0, FALSE)}),))
    with pytest.raises(DeclarationError, match="has a form"):
        registry.leave_out("forward-norm", "residual", "why")


def test_the_matrix_has_verdicts_grades_and_reasons() -> None:
    verdicts = check(on_architectures([registry["relu-difference"]], ["fully connected"]), seed=1, profile=PROFILES["quick"]).verdicts
    small = check([registry.form("gradient-lower", "residual")], seed=1, profile=PROFILES["quick"]).verdicts
    text = matrix([*verdicts, *small], registry)
    assert "HOLDS, exact" in text
    assert "not run" in text
    assert f"1. {registry.reason('relu-difference', 'residual')}." in text


def test_unknown_architectures_get_one_sentence() -> None:
    with pytest.raises(InputError, match="there is no architecture 'recurrent'"):
        on_architectures([registry["forward-norm"]], ["recurrent"])
    with pytest.raises(InputError, match="relu-difference' is not run on residual networks: a fact about phi"):
        on_architectures([registry["relu-difference"]], ["residual"])


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_training_reaches_all_labels(architecture: str) -> None:
    """A small run, on every architecture, checked at every step."""
    sizes: dict[str, int | float | str] = {"width": 1, "samples": 4, "input_dimension": 7, "separation": 0.5, "outputs": 2}
    sizes["labels"] = "random"
    instance = instance_from_sizes(None, sizes)
    circle: dict[str, Any] = {"positions": 3, "patch": 3} if architecture == "convolutional" else {}
    data = TrainingData(instance.inputs, instance.targets, np.argmax(instance.targets, 1))
    run = train_on(data, steps=400, architecture=architecture, **circle)
    assert run.architecture == architecture
    assert run.reached
    assert run.accuracy[-1] == 1.0
    assert [check.verdict for check in run.checks] == ["HOLDS"] * len(run.checks)


def test_show_and_train_know_architectures(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "forward-norm", "--architecture", "residual"]) == 0
    shown = capsys.readouterr().out
    assert "architectures           residual, fully connected, convolutional" in shown
    assert "tau = 1 (assumption)" in shown
    assert main(["show", "sparse-bilinear"]) == 0
    assert "not residual: the skip connection contributes" in " ".join(capsys.readouterr().out.split())
    assert main(["train", "--patch", "3"]) == 2
    assert "--positions and --patch are for convolutional networks" in capsys.readouterr().err
    assert main(["train", "--architecture", "convolutional", "--patch", "4"]) == 2
    assert "--patch must be odd" in capsys.readouterr().err
    assert main(["train", "--architecture", "recurrent"]) == 2
    assert "there is no architecture 'recurrent'" in capsys.readouterr().err

"""`lemmafuzz certify-training`: what its document shows, its answers, and its sentences for what cannot be."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from checkers.command_line.main import main

DOCUMENT = (Path(__file__).parents[2] / "docs" / "certify-training.md").read_text()
AXES = "a,b,c,d,label\n" + "".join(f"{','.join(map(str, row))},{k % 2}\n" for k, row in enumerate(np.eye(4).tolist()))


def facts(arguments: str, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    assert main(["certify-training", *arguments.split(), "--json", "-"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


@pytest.fixture
def axes(tmp_path: Path) -> str:
    """Four orthonormal rows, two of each class."""
    path = tmp_path / "axes.csv"
    path.write_text(AXES)
    return f"{path} --label-column label --seed 1"


def test_the_json_has_the_promise_on_top(axes: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = facts(f"{axes} --width 4096 --steps 0", capsys)
    certificate = found["certificate"]
    promise = certificate["descent"]
    assert found["verdict"] == "CERTIFIED"
    assert (found["width"], found["bits"], found["lambda"]) == (4096, certificate["bits"], certificate["floor"])
    assert (found["rate"], found["radius"], found["depth"]) == (promise["rate"], promise["radius"], promise["depth"])
    assert 0 < found["rate"] < found["lambda"] <= 0.5 + 0.1  # H_inf = I/2
    refused = facts(f"{axes} --width 8 --steps 0", capsys)
    assert (refused["verdict"], refused["rate"], refused["radius"]) == ("NOT CERTIFIED", 0.0, 0.0)
    assert refused["depth"] < 1


@pytest.mark.parametrize("transcript", re.findall(r"```\n\$ lemmafuzz (.*?)```", DOCUMENT, re.DOTALL))
def test_the_document_shows_what_is_printed(transcript: str, capsys: pytest.CaptureFixture[str]) -> None:
    command, shown = transcript.split("\n", 1)
    assert main(command.split()) == 0
    assert capsys.readouterr().out == shown


def test_the_documents_network_is_certified(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    code = "\n".join(re.findall(r"```python\n(.*?)```", DOCUMENT, re.DOTALL))
    assert code.count("assert") == 5
    exec(compile(code, "docs/certify-training.md", "exec"), {})
    commands = re.findall(r"^    lemmafuzz (.* --model (\S+) --json (\S+))$", DOCUMENT, re.MULTILINE)
    assert len(commands) == 2
    for command, model, file in commands:
        assert main(command.split()) == 0
        assert "CERTIFIED: every step multiplies" in capsys.readouterr().out
        found = json.loads(Path(file).read_text())
        dimension = 6 + found["layers"]  # the first layer's bias, which stays, is a column
        assert (found["verdict"], found["model"], found["dimension"], found["run"]["broken"]) == ("CERTIFIED", model, dimension, -1)


def test_a_certificate_and_the_run_that_keeps_it(axes: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = facts(f"{axes} --width 1500", capsys)
    promise, run = found["certificate"]["descent"], found["run"]
    assert found["verdict"] == "CERTIFIED"
    assert promise["depth"] >= 1
    assert 0 < promise["step_size"] <= 1 / found["certificate"]["top"]
    assert run["reached"]
    assert run["residual"][-1] ** 2 <= 1e-3 * run["residual"][0] ** 2
    assert max(run["farthest"]) <= promise["radius"] == run["radius"]
    assert facts(f"{axes} --width 1500 --steps 0", capsys)["run"] is None
    assert facts(f"{axes} --width 1500 --steps 2", capsys)["run"]["steps"] == 2


def test_not_certified_is_an_answer(axes: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = facts(f"{axes} --width 60", capsys)
    assert found["verdict"] == "NOT CERTIFIED"
    assert found["run"] is None
    assert 60 < found["needed_width"] == pytest.approx(60 / found["certificate"]["descent"]["depth"] ** 2)
    assert main(["certify-training", *axes.split(), "--width", "60"]) == 0
    assert "NOT CERTIFIED: depth 0." in capsys.readouterr().out
    assert main(["certify-training", *axes.split(), "--width", "1"]) == 0
    assert "lambda_min(H(0)) is not proved to be positive at m = 1:" in capsys.readouterr().out


def test_the_least_certified_width(axes: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = facts(f"{axes} --find-width", capsys)
    assert found["search"]["width"] == found["certificate"]["width"] == found["needed_width"]
    assert found["verdict"] == "CERTIFIED"
    assert facts(f"{axes} --find-width --largest 100", capsys)["verdict"] == "NOT CERTIFIED"
    assert main(["certify-training", *axes.split(), "--find-width"]) == 0
    assert "is the least certified width found" in capsys.readouterr().out


def test_smooth_activations_are_of_their_own_theory(axes: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = facts(f"{axes} --width 400 --activation softplus --goal 0.1", capsys)
    assert found["activation"] == "softplus"
    assert found["verdict"] == "CERTIFIED"
    assert max(found["run"]["farthest"]) <= found["certificate"]["descent"]["radius"]
    assert main(["certify-training", *axes.split(), "--width", "400", "--activation", "softplus", "--goal", "0.1"]) == 0
    assert "‖W - W(0)‖_F never exceeds" in capsys.readouterr().out
    assert main(["certify-training", *axes.split(), "--width", "400000", "--activation", "tanh"]) == 2
    assert "more slopes of tanh or weights than are enclosed" in capsys.readouterr().err


def test_a_deep_network_is_decided_and_trained(axes: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = facts(f"{axes} --samples 1 --depth 1 --width 2000", capsys)
    assert (found["verdict"], found["layers"], found["certificate"]["failure"]) == ("CERTIFIED", 1, 0)
    assert found["run"]["reached"]
    assert max(found["run"]["farthest"]) <= found["certificate"]["descent"]["radius"]
    local = found["local"]
    assert local["attacked"] <= local["bounded"]
    assert 0 < local["depth"] < local["flow_depth"] < found["certificate"]["flow"]["depth"]
    found = facts(f"{axes} --samples 2 --depth 2 --width 3000", capsys)
    assert (found["verdict"], found["run"]) == ("NOT CERTIFIED", None)
    assert 0 < found["certificate"]["descent"]["depth"] < found["certificate"]["flow"]["depth"] < 1
    assert 0 < found["certificate"]["failure"] < 1e-12
    assert main(["certify-training", *axes.split(), "--samples", "2", "--depth", "2", "--width", "3000"]) == 0
    shown = capsys.readouterr().out
    assert "all 2 hidden layers trained" in shown
    assert "a norm of weights not seen whole fails with probability" in shown


def test_a_deep_network_may_be_smooth(axes: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = facts(f"{axes} --samples 2 --depth 1 --activation tanh --width 500 --goal 0.1", capsys)
    assert (found["verdict"], found["layers"], found["activation"], found["local"]) == ("CERTIFIED", 1, "tanh", None)
    assert found["run"]["reached"]
    assert max(found["run"]["farthest"]) <= found["certificate"]["descent"]["radius"]
    found = facts(f"{axes} --samples 1 --depth 1 --activation softplus --find-width --goal 0.1", capsys)
    assert 0 < found["search"]["width"] == found["width"] < 500
    saved(tmp_path / "net.pt", 400, 1.0, first=True)
    model = f"--model {tmp_path / 'net.pt'} --scale 0.01"
    found = facts(f"{axes} --samples 2 --depth 1 --activation silu {model} --steps 0", capsys)
    assert (found["width"], found["dimension"], found["model"]) == (400, 5, str(tmp_path / "net.pt"))
    assert 0 < found["certificate"]["descent"]["depth"] < 1
    assert main(["certify-training", *axes.split(), "--depth", "2", "--activation", "tanh", "--width", "90000", "--samples", "4"]) == 2
    assert re.search("this certificate may need|more values and slopes of tanh than are enclosed", capsys.readouterr().err)


def test_both_layers_are_trained_together(axes: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = facts(f"{axes} --both-layers --find-width", capsys)
    assert (found["verdict"], found["both_layers"]) == ("CERTIFIED", True)
    assert found["search"]["width"] > facts(f"{axes} --find-width", capsys)["search"]["width"]
    assert max(found["run"]["farthest"]) <= found["certificate"]["descent"]["radius"]
    assert main(["certify-training", *axes.split(), "--both-layers", "--width", "100"]) == 0
    shown = capsys.readouterr().out
    assert "both layers trained" in shown
    assert "NOT CERTIFIED: depth 0." in shown


def saved(path: Path, width: int, scale: float, **biases: bool) -> tuple[nn.Sequential, torch.Tensor]:
    """A network as Allen-Zhu et al. draw it, its output 1/scale times as large; and its trained weights."""
    torch.manual_seed(1)
    first, last = nn.Linear(4, width, bias=biases.get("first", False)), nn.Linear(width, 1, bias=biases.get("last", False))
    hidden = nn.Linear(width, width, bias=False)
    model = nn.Sequential(first, nn.ReLU(), hidden, nn.ReLU(), last)
    for layer, spread in ((first, 2 / width), (hidden, 2 / width), (last, 1 / scale**2)):
        nn.init.normal_(layer.weight, std=math.sqrt(spread))
    torch.save(model.state_dict(), path)
    return model.double(), hidden.weight


@pytest.mark.parametrize("biases", [{}, {"first": True, "last": True}], ids=["without biases", "with"])
def test_the_users_own_deep_network_is_certified_and_keeps_its_word(
    biases: dict[str, bool], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In plain torch, whose learning rate is eta on 1/2 ‖y - f‖^2, and whose first and last layer stay."""
    model, hidden = saved(tmp_path / "net.pt", 600, 2.0, **biases)
    (tmp_path / "one.csv").write_text("a,b,c,d,y\n1,0,0,0,1\n")
    found = facts(f"{tmp_path / 'one.csv'} --label-column y --as-they-are --depth 1 --model {tmp_path / 'net.pt'} --scale 2", capsys)
    promise, run = found["certificate"]["descent"], found["run"]
    assert (found["verdict"], found["layers"], found["width"], found["certificate"]["failure"]) == ("CERTIFIED", 1, 600, 0)
    assert found["model"].endswith("net.pt")
    assert found["local"] is not None
    assert (run["broken"], run["reached"]) == (-1, True)
    row, start = torch.eye(4, dtype=torch.float64)[0], hidden.detach().clone()
    for size, far in zip(run["residual"], run["farthest"], strict=True):
        residual = 1 - 2 * model(row)[0]
        assert abs(residual.item()) == pytest.approx(size, rel=1e-6)
        assert (hidden - start).norm().item() == pytest.approx(far, rel=1e-6, abs=1e-12)
        (gradient,) = torch.autograd.grad(residual.square() / 2, hidden)
        with torch.no_grad():
            hidden.sub_(promise["step_size"] * gradient)


def test_both_layers_of_the_users_own_network_are_those_that_torch_trains(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The output layer's bias, too; and with --scale the numbers of the file, not what they are multiplied to."""
    torch.manual_seed(1)
    model = nn.Sequential(nn.Linear(4, 2000), nn.ReLU(), nn.Linear(2000, 1))
    torch.save(model.state_dict(), tmp_path / "net.pt")
    (tmp_path / "two.csv").write_text("a,b,c,d,y\n1,0,0,0,1\n0,1,0,0,-1\n")
    found = facts(f"{tmp_path / 'two.csv'} --label-column y --as-they-are --both-layers --model {tmp_path / 'net.pt'} --scale 0.5", capsys)
    assert (found["verdict"], found["run"]["reached"]) == ("CERTIFIED", True)
    rows, labels = torch.eye(4, dtype=torch.float64)[:2], torch.tensor([1.0, -1.0], dtype=torch.float64)
    optimizer = torch.optim.SGD(model.double().parameters(), found["certificate"]["descent"]["step_size"])
    for size in found["run"]["residual"]:
        residual = labels - 0.5 * model(rows)[:, 0]
        assert residual.norm().item() == pytest.approx(size, rel=1e-6)
        optimizer.zero_grad()
        (residual.square().sum() / 2).backward()
        optimizer.step()


def test_the_least_width_of_a_deep_network(axes: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = facts(f"{axes} --samples 1 --depth 1 --find-width --largest 4000", capsys)
    assert found["verdict"] == "CERTIFIED"
    assert found["search"]["width"] == found["certificate"]["width"] <= 4000


def test_a_run_that_breaks_the_promise_is_a_refutation(
    axes: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from checkers.experiments.width import certified_training
    from checkers.training.certified_run import Wrong, kept_word

    monkeypatch.setattr(certified_training, "kept_word", lambda *given, **named: kept_word(*given, **named, wrong=Wrong(distance=0.1)))
    assert main(["certify-training", *axes.split(), "--width", "1500"]) == 1
    assert "REFUTED: the run broke the promise at step 1" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ("--width 60 --find-width", "--width and --find-width contradict each other"),
        ("--largest 60", "--largest 60 says where --find-width stops"),
        ("--scale 2", "--scale 2 is of the network of --model"),
        ("--scale none --model net.pt", "'none' is neither a finite number other than 0 nor 1/sqrt(m)"),
        ("--model net.pt", "cannot read net.pt: there is no such file"),
        ("--model narrow.npz", "the network of narrow.npz takes 3 inputs, and {file} has 4 columns of them"),
        ("--width 1000000000000", "this certificate may need"),
        ("--width 1000000000000 --depth 2", "this certificate may need"),
        ("--depth 2 --model net.pt", "cannot read net.pt: there is no such file"),
        ("--depth 2 --model narrow.npz", "between its first and its last layer narrow.npz has 0, not the 2 of --depth"),
        ("--depth 1 --model deep.npz", "the network of deep.npz takes 3 inputs, and {file} has 4 columns of them"),
        ("--model large.npz --depth 1", "the network's weights and the data are so large that their products overflow"),
        ("--model large.npz --depth 1 --activation tanh", "the network's weights and the data are so large that their products overflow"),
        ("--model larger.npz --depth 1", "the network's weights and the data are so large that their products overflow"),
        ("--model deep.npz", "deep.npz is not a network of two layers"),
        ("--depth 2 --both-layers", "--both-layers is of two-layer networks, and --depth 2 of one whose hidden layers are trained"),
        ("--both-layers --activation tanh", "--both-layers is of relu networks, not of tanh"),
        ("--depth 0", "0 is not in the range x>=1"),
        ("--positive 7", "--positive 7 is no class of {file}; its classes are 0, 1"),
        ("--samples 5", "--samples 5 asks for more than the 4 rows"),
        ("--goal nan", "nan is not a finite number"),
    ],
)
def test_what_cannot_be(
    options: str, sentence: str, axes: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    np.savez("narrow.npz", w=np.ones((5, 3)), v=np.ones((1, 5)))
    np.savez("large.npz", a=np.full((5, 4), 1e90), w=np.full((5, 5), 1e90), b=np.full((1, 5), 1e250))
    np.savez("larger.npz", a=np.full((5, 4), 1e200), w=np.ones((5, 5)), b=np.ones((1, 5)))
    np.savez("deep.npz", a=np.ones((5, 3)), w=np.ones((5, 5)), b=np.ones((1, 5)))
    assert main(["certify-training", *axes.split(), *options.split()]) == 2
    printed = capsys.readouterr()
    assert "CERTIFIED" not in printed.out
    assert sentence.format(file=axes.split()[0]) in printed.err
    assert len(printed.err.splitlines()) == 1

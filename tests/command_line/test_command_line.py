"""The command line: what it prints, its JSON contracts, its exit codes, and how fast it answers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest

from checkers.command_line.main import main
from checkers.command_line.options import PROFILES
from checkers.evidence.profiles import PROFILES as KNOWN_PROFILES
from checkers.fuzzing import counterexamples, verdicts
from checkers.records.counterexamples import Replay
from checkers.records.decisions import Verdict
from checkers.report import statements
from checkers.report.text import number, table
from checkers.report.training import landmarks
from tests.helpers import SMALL
from theorems import registry
from theorems.language.theory import theories

ROOT = Path(__file__).parents[2]
MODULE = ROOT / "docs" / "own-statement.py"


@pytest.fixture(autouse=True)
def _in_an_empty_folder_at_a_third_of_the_price(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(KNOWN_PROFILES, "quick", SMALL)


def run(arguments: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Exit code and standard output; nothing may be printed as an error."""
    code = main(arguments.split())
    printed = capsys.readouterr()
    assert printed.err == ""
    return code, printed.out


def facts(arguments: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, Any]:
    """Exit code, and the JSON that standard output consists of."""
    code, printed = run(f"{arguments} --json -", capsys)
    return code, json.loads(printed)


def test_list_names_every_statement(capsys: pytest.CaptureFixture[str]) -> None:
    code, printed = run("list", capsys)
    assert code == 0
    lines = printed.splitlines()
    assert [line.split()[0] for line in lines[2 : 2 + len(registry)]] == [statement.id for statement in registry]
    assert lines[-1] == f"{len(registry)} statements"


def test_list_json_has_exactly_the_promised_fields(capsys: pytest.CaptureFixture[str]) -> None:
    code, listed = facts("list", capsys)
    assert code == 0
    fields = ["id", "theory", "source", "kind", "architectures", "claimed_exponents", "false_variants", "rests_on"]
    assert all(list(entry) == fields for entry in listed)
    norm = next(entry for entry in listed if entry["id"] == "forward-norm")
    assert norm["source"] == "Lemma 7.1"
    assert norm["claimed_exponents"] == {"width": -0.5, "depth": 0.5}
    assert "initialization variance 2.2/m" in norm["false_variants"]


def test_list_json_to_a_file_prints_the_table_too(capsys: pytest.CaptureFixture[str]) -> None:
    _, printed = run("list --json listed.json", capsys)
    assert printed.startswith("statement")
    assert [entry["id"] for entry in json.loads(Path("listed.json").read_text())] == [statement.id for statement in registry]
    assert [path.name for path in Path().iterdir()] == ["listed.json"]


def test_list_names_all_that_options_and_declarations_can_name(capsys: pytest.CaptureFixture[str]) -> None:
    from checkers.adversaries import ADVERSARIES
    from strategies import ALL_SHAPES, LABELS
    from theorems.laws.losses import losses

    expected: dict[str, Collection[str]] = {
        "theories": theories(), "losses": losses, "architectures": registry.architectures(), "adversaries": ADVERSARIES, "data": ALL_SHAPES,
        "labels": LABELS, "profiles": KNOWN_PROFILES,
    }  # fmt: skip
    for what, names in expected.items():
        code, printed = run(f"list {what}", capsys)
        assert code == 0
        lines = printed.splitlines()
        assert lines[-1] == f"{len(names)} {what}"
        assert all(line.startswith(f"{name} ") for line, name in zip(lines[2:], names, strict=False))
        assert [next(iter(entry.values())) for entry in facts(f"list {what}", capsys)[1]] == list(names)
    meanings = {entry["adversary"]: entry["meaning"] for entry in facts("list adversaries", capsys)[1]}
    assert meanings["hidden alignment"].startswith("Towards the top left direction of D_L W_L ... D_1, by power iteration: ")
    assert "pseudo-huber" in run(f"list losses --module {ROOT / 'docs' / 'own-loss.py'}", capsys)[1]
    assert run("list statements", capsys) == run("list", capsys)


def test_help_gives_each_commands_first_sentence_whole(capsys: pytest.CaptureFixture[str]) -> None:
    text = " ".join(run("--help", capsys)[1].split())
    assert "..." not in text.replace("[ARGS]...", "")
    assert "on small sizes (L <= 6, m <= 512), and write them to the file that the checks read." in text
    assert "Search for instances on which a statement fails; all statements if none is named." in text


def test_quiet_list_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("list --quiet", capsys)[1] == f"{len(registry)} statements\n"


SHOWN = """\
loudest-neuron  (docs/own-statement.md)

  claim                   h_{i,L} has no entry above C sqrt(log(n m)/m) size for all i, where size =
                            ‖h_{i,L-1}‖
  in LaTeX                bound: \\le C \\sqrt{\\frac{\\log (n m)}{m}} \\mathrm{size}
                          fails with probability: \\le \\left(n m\\right)^{1 - \\frac{C^{2}}{4}}
  kind                    derived: constants and failure probability are explicit numbers with a
                            derivation
  for all                 m in [16, 4,096]: neurons in each layer
                          L in [1, 8]: number of trained layers
                          n in [1, 6]: number of data points
                          d_in in [2, 8]: dimension of an input
                          delta in [0.01, 1]: least distance promised between two inputs
                          data: any; labels: none
  assuming                nothing
  fails with probability  at most (n m)^(1 - C^2/4)
  constants               C = 3: given h_{L-1}, each g_k is N(0, 2‖h_{L-1}‖^2/m); a union over the
                            nm of them
  claimed exponents       m^{-1/2}
                          L^0
  rests on                nothing else here
  rests on it             nothing else here
  architectures           fully connected
  engines                 dense, revealed
  adversaries             none: the weights stay at their initialization
  grade of a HOLDS        exact: the measured left side is the supremum over all that the claim
                            quantifies over inside one instance
  false variants          log(nm) dropped (exponent): at most C size/sqrt(m)
                          initialization variance 8/m (initialization): entries of A and W_l drawn
                            N(0, 8/m)
"""


def test_show_prints_the_whole_statement(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(f"show loudest-neuron --module {MODULE}", capsys) == (0, SHOWN)


@pytest.mark.parametrize("statement", registry, ids=lambda statement: statement.id)
def test_show_fits_a_page_and_leaves_nothing_out(statement: Any, capsys: pytest.CaptureFixture[str]) -> None:
    _, printed = run(f"show {statement.id}", capsys)
    flat = " ".join(printed.split())
    assert max(map(len, printed.splitlines())) <= statements.PAGE
    wanted = [statement.source, statement.sentence, statement.failure.formula, statement.note, *statement.rests_on]
    wanted += [constant.provenance for constant in statement.constants.values()]
    wanted += [assumption.formula for assumption in statement.assumptions]
    wanted += [variant.name for variant in statement.variants]
    assert [words for words in wanted if " ".join(words.split()) not in flat] == []
    assert verdicts.grade(statement) == statements.grade_basis(statement).split(":")[0]


def test_check_prints_one_row_a_statement_and_keeps_the_json_contract(capsys: pytest.CaptureFixture[str]) -> None:
    code, printed = run("check relu-difference --seed 7 --json found.json", capsys)
    lines = printed.splitlines()
    assert code == 0
    assert lines[0].split()[:2] == ["statement", "paper"]
    assert lines[2].startswith("relu-difference  Proposition 11.3")
    (place,) = [k for k, line in enumerate(lines) if line == "1 HOLDS; the probability that a true statement is refuted is at most 1e-06"]
    said = [line.split(" ")[0] for line in lines[place + 1 :]]
    assert said == ["nearest", "exact:", "--profile", "profile"], "it was asked for by name"
    assert lines[-1].startswith("profile quick, seed 7, ")
    found = json.loads(Path("found.json").read_text())
    assert {"seed", "alpha", "verdicts"} <= set(found)
    assert found["seed"] == 7
    promised = [
        "id",
        "theory",
        "architecture",
        "verdict",
        "grade",
        "instances",
        "trials",
        "failures",
        "detectable_rate",
        "worst_ratio",
        "constant",
        "provenance",
        "regime",
    ]
    assert [set(promised) - set(verdict) for verdict in found["verdicts"]] == [set()]
    assert found["verdicts"][0]["verdict"] == "HOLDS"


def test_a_seed_is_drawn_and_printed(capsys: pytest.CaptureFixture[str]) -> None:
    commands = ["check relu-difference --profile glance --quiet"] * 2
    seeds = {run(command, capsys)[1].split("seed ")[1].split(",")[0] for command in commands}
    assert len(seeds) == 2  # equal with probability 2^-32


def test_the_same_seed_gives_the_same_facts(capsys: pytest.CaptureFixture[str]) -> None:
    first, second = (facts("power relu-difference --seed 11", capsys)[1]["variants"] for _ in range(2))
    assert first == second


def test_power_refutes_writes_and_replays(capsys: pytest.CaptureFixture[str]) -> None:
    code, found = facts("power relu-difference --seed 3", capsys)
    assert code == 0
    promised = {"id", "variant", "architecture", "verdict", "instances", "counterexample"}
    assert all(promised <= set(variant) and variant["verdict"] == "REFUTED" for variant in found["variants"])
    files = sorted(Path("counterexamples").iterdir())
    assert len(files) == 2 * len(found["variants"])
    code, printed = run(f"replay {files[0]}", capsys)
    assert code == 1
    assert printed.startswith("STILL FAILS  relu-difference")
    assert "bit for bit" in printed
    assert facts(f"replay {files[0]}", capsys)[1]["identical"] is True


def test_a_module_is_listed_checked_powered_and_replayed(capsys: pytest.CaptureFixture[str]) -> None:
    module = f"--module {MODULE} --seed 1"
    assert len(MODULE.read_text().splitlines()) <= 30
    assert "loudest-neuron" in run(f"list --module {MODULE}", capsys)[1]
    code, found = facts(f"check loudest-neuron {module}", capsys)
    assert (code, found["verdicts"][0]["verdict"]) == (0, "HOLDS")
    code, found = facts(f"power loudest-neuron {module}", capsys)
    assert (code, {variant["verdict"] for variant in found["variants"]}) == (0, {"REFUTED"})
    file = sorted(Path("counterexamples").iterdir())[0]
    assert run(f"replay {file} --module {MODULE}", capsys)[0] == 1
    code, printed = run(f"replay {file}", capsys)
    assert code == 2
    assert "own-statement.py: name that file with --module" in printed
    assert "loudest-neuron" not in registry


def test_a_false_statement_of_the_users_is_refuted(capsys: pytest.CaptureFixture[str]) -> None:
    Path("false.py").write_text(MODULE.read_text().replace("Constant(3.0", "Constant(2.2").replace("1 - C^2/4", "-2"))
    code, printed = run("check loudest-neuron --module false.py --seed 1 --quiet", capsys)
    assert code == 1
    assert printed.startswith("REFUTED  loudest-neuron")
    assert "lemmafuzz replay counterexamples/loudest-neuron--seed-1--simplest.json" in printed


def test_a_second_run_leaves_the_counterexamples_of_the_first(capsys: pytest.CaptureFixture[str]) -> None:
    for seed, kept in ((3, 1), (4, 2)):
        assert run(f"power relu-difference --seed {seed} --quiet", capsys)[0] == 0
        files = sorted(path.name for path in Path("counterexamples").glob("relu-difference--correction-at-most-1-2--*--simplest.json"))
        assert len(files) == kept
    assert files == [f"relu-difference--correction-at-most-1-2--seed-{seed}--simplest.json" for seed in (3, 4)]
    assert run(f"replay counterexamples/{files[0]}", capsys)[0] == 1
    Path("false.py").write_text(MODULE.read_text().replace("Constant(3.0", "Constant(2.2").replace("1 - C^2/4", "-2"))
    code, printed = run("check loudest-neuron --module false.py --seed 1 --quiet --folder nights/monday", capsys)
    assert code == 1
    assert "lemmafuzz replay nights/monday/loudest-neuron--seed-1--simplest.json" in printed
    assert len([*Path("nights/monday").iterdir()]) == 2
    assert run("replay nights/monday/loudest-neuron--seed-1--simplest.json --module false.py", capsys)[0] == 1


def test_a_surviving_false_variant_fails_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    Path("weak.py").write_text(MODULE.read_text().replace('{"variance": 8.0}', '{"variance": 2.001}'))
    code, printed = run("power loudest-neuron --module weak.py --seed 1 --quiet", capsys)
    assert code == 1
    assert "not refuted: loudest-neuron: initialization variance 8/m" in printed


@pytest.mark.parametrize(("status", "code"), [("FIXED", 0), ("STILL FAILS", 1), ("CANNOT RUN", 2)])
def test_exit_codes_of_replay(status: Any, code: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("power relu-difference --seed 3 --quiet", capsys)[0] == 0
    file = sorted(Path("counterexamples").iterdir())[0]
    monkeypatch.setattr(counterexamples, "replay", lambda *_: Replay(status=status, identical=False, reason="why"))
    assert run(f"replay {file}", capsys)[0] == code


def test_train_json_contract(capsys: pytest.CaptureFixture[str]) -> None:
    options = "--samples 5 --width 64 --depth 1 --steps 30 --seed 2"
    _, found = facts(f"train {options}", capsys)
    promised = [
        "seed",
        "width",
        "depth",
        "samples",
        "outputs",
        "delta",
        "algorithm",
        "step_size",
        "weights",
        "loss",
        "radius",
        "checks",
        "blame",
    ]
    assert set(promised) - set(found) == set()
    assert len(found["loss"]) == len(found["radius"]) == 31
    along = {"gradient-upper", "gradient-lower", "semi-smoothness", "kernel-stability", "gd-rate", "gd-radius"}
    assert {check["id"] for check in found["checks"]} == along
    code, printed = run(f"train {options}", capsys)
    assert code == (1 if found["blame"] else 0)
    assert "\n30      " in printed
    assert printed.splitlines()[-1].startswith("seed 2, ")


@pytest.mark.parametrize("weights", ["dense", "revealed"])
def test_train_on_a_users_file(weights: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("data.csv").write_text("x,y,kind\n1,0,a\n0,1,b\n-1,0.5,a\n")
    code, found = facts(f"train --data data.csv --label-column kind --width 512 --depth 1 --weights {weights} --seed 4", capsys)
    assert found["loss"][-1] <= 1e-3 * found["loss"][0]
    assert found["accuracy"][-1] == 1.0
    assert (found["samples"], found["outputs"], found["reached"]) == (3, 2, True)
    assert code == (1 if found["blame"] else 0)


def test_profiles_are_those_that_exist() -> None:
    assert tuple(KNOWN_PROFILES) == ("glance", *PROFILES)
    assert {*KNOWN_PROFILES["glance"].first} <= {statement.id for statement in registry}


LIGHT = [["--help"], ["list"], ["list", "--json", "-"], ["list", "losses"], ["show", "gd-rate"], ["check", "--help"], []]


@pytest.mark.parametrize("arguments", LIGHT)
def test_light_commands_are_fast_and_import_nothing_heavy(arguments: list[str]) -> None:
    code = (
        "import sys; from checkers.command_line.main import main; code = main(sys.argv[1:])\n"
        "heavy = {'torch', 'scipy', 'matplotlib', 'sklearn', 'hypothesis'} & set(sys.modules); sys.exit(code or ' '.join(heavy) or None)"
    )
    before = os.times()
    done = subprocess.run([sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    after = os.times()
    assert (done.returncode, done.stderr) == (0, "")
    took = after.children_user + after.children_system - before.children_user - before.children_system
    assert took < 2.0  # 0.3 s; of processor time, whoever else is at work


def test_numbers_read_as_on_a_board() -> None:
    shown = [number(value) for value in (0, 12, 2097152, 1e12, 0.0123456, 1.2e-6, float("inf"), float("nan"), None)]
    assert shown == ["0", "12", "2,097,152", "1e+12", "0.0123", "1.2e-06", "inf", "-", "-"]


def test_landmarks_are_the_round_steps() -> None:
    assert landmarks(0) == [0]
    assert landmarks(60) == [0, 1, 2, 5, 10, 20, 50, 60]
    assert landmarks(100) == [0, 1, 2, 5, 10, 20, 50, 100]


def test_a_bar_in_a_cell_does_not_break_a_markdown_table() -> None:
    assert table(["a"], [["|x|"]], "github").splitlines()[-1].count("|") - 2 == table(["a"], [["|x|"]], "github").count("\\|")


def test_a_verdict_names_all_that_the_contract_promises() -> None:
    promised = [
        "id",
        "theory",
        "architecture",
        "verdict",
        "grade",
        "instances",
        "trials",
        "failures",
        "detectable_rate",
        "worst_ratio",
        "constant",
        "provenance",
        "regime",
    ]
    assert set(promised) <= set(Verdict.__struct_fields__)

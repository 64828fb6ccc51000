"""Bad input gets one sentence on standard error and exit code 2, and changes nothing on disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from checkers.command_line.main import main
from theorems import registry

GOOD_MODULE = Path(__file__).parents[1] / "two_sided.py"
FILES = {
    "truncated.json": '{"schema": 1, "role": "simplest", "seed": 3, "decis',
    "other.json": '{"hello": 1}',
    "future.json": '{"schema": 1000}',
    "list.json": "[1, 2]",
    "binary.json": "\x00\x01",
    "nan.csv": "1,2\n3,nan\n",
    "duplicates.csv": "1,2\n3,4\n1,2\n",
    "parallel.csv": "1,2\n3,4\n2,4\n",
    "ragged.csv": "1,2\n3\n",
    "empty.csv": "",
    "good.csv": "1,2\n3,4\n",
    "syntax.py": "def f(:\n",
    "raises.py": "raise RuntimeError('broken\\nin two lines')\n",
    "exits.py": "raise SystemExit(0)\n",
    "nothing.py": "x = 1\n",
    "missing.py": "import a_package_that_does_not_exist\n",
    "duplicate.py": GOOD_MODULE.read_text()
    + "\n\nstatement(**{'id': 'forward-norm', 'source': '', 'claim': '', 'kind': 'identity', 'ranges': {}})(loudest_neuron)\n",
    "one-variant.py": GOOD_MODULE.read_text().replace(
        '        Variant("initialization variance 8/m", "initialization", {"variance": 8.0}),\n', ""
    ),
    "module.txt": GOOD_MODULE.read_text(),
}

# (arguments, what the sentence must name)
CASES = [
    ("check no-such-statement", "no statement 'no-such-statement'"),
    ("check forward-nrm", "did you mean 'forward-norm'?"),
    ("power no-such-statement", "no statement 'no-such-statement'"),
    ("show no-such-statement", "no statement 'no-such-statement'"),
    ("show", "Missing argument 'ID'"),
    ("prove forward-norm", "No such command 'prove'"),
    ("check --profile endless", "'endless' is not one of"),
    ("check --seed minus", "'minus' is not a valid integer"),
    ("check --seed -1", "--seed"),
    ("check --device tpu:9", "--device tpu:9"),
    ("check --device meta", "--device meta"),
    ("check --json nowhere/out.json", "there is no folder nowhere"),
    ("check --json .", "it is a folder"),
    ("list --json nowhere/out.json", "there is no folder nowhere"),
    ("replay nowhere.json", "nowhere.json"),
    ("replay truncated.json", "truncated.json"),
    ("replay other.json", "other.json"),
    ("replay future.json", "1000"),
    ("replay list.json", "list.json"),
    ("replay binary.json", "binary.json"),
    ("replay .", "."),
    ("threshold --fit nowhere/x.json", "there is no folder nowhere"),
    ("threshold --figure .", "it is a folder"),
    ("threshold --profile endless", "'endless' is not one of"),
    ("diagnose", "Missing argument"),
    ("diagnose nowhere.csv", "nowhere.csv"),
    ("diagnose good.csv --goal 1", "--goal"),
    ("train --width 0", "--width"),
    ("train --depth 0", "--depth"),
    ("train --samples 0", "--samples"),
    ("train --samples 5000", "--samples 5000"),
    ("train --outputs 0", "--outputs"),
    ("train --outputs 3", "--outputs 3"),
    ("train --steps 0", "--steps"),
    ("train --step-size 0", "--step-size"),
    ("train --step-size nan", "--step-size"),
    ("train --step-size inf", "--step-size"),
    ("train --goal 2", "--goal"),
    ("train --labels wrong", "'wrong' is not one of"),
    ("train --weights sparse", "'sparse' is not one of"),
    ("train --device tpu:9", "--device tpu:9"),
    ("train --data nowhere.csv", "nowhere.csv"),
    ("train --data data.txt", "data.txt"),
    ("train --data nan.csv --labels random", "line 2, column 1"),
    ("train --data duplicates.csv --labels random", "line 1 and line 3"),
    ("train --data parallel.csv --labels random", "line 1 and line 3"),
    ("train --data ragged.csv --labels random", "line 2"),
    ("train --data empty.csv --labels random", "empty.csv is empty"),
    ("train --data good.csv", "--label-column"),
    ("train --data good.csv --label-column kind", "no label column 'kind'"),
    ("train --data good.csv --labels random --json nowhere/out.json", "there is no folder nowhere"),
    ("report --folder nowhere", "there is no folder nowhere"),
    ("list --module nowhere.py", "nowhere.py does not exist"),
    ("list --module .", "is not a file"),
    ("list --module module.txt", "its name must end in .py"),
    ("list --module syntax.py", "syntax.py does not import: SyntaxError"),
    ("list --module raises.py", "raises.py does not import: RuntimeError: broken in two lines"),
    ("list --module exits.py", "exits.py does not import: SystemExit"),
    ("list --module missing.py", "ModuleNotFoundError"),
    ("list --module nothing.py", "nothing.py declares no statement"),
    ("list --module duplicate.py", "'forward-norm' is declared twice"),
    ("list --module one-variant.py", "needs at least two false variants"),
    (f"list --module {GOOD_MODULE} --module {GOOD_MODULE}", "'loudest-neuron' is declared twice"),
    ("check --module syntax.py", "SyntaxError"),
    ("power --module syntax.py", "SyntaxError"),
    ("show forward-norm --module syntax.py", "SyntaxError"),
    ("replay other.json --module syntax.py", "SyntaxError"),
    ("report --module syntax.py", "SyntaxError"),
]


def tree(folder: Path) -> dict[str, bytes | None]:
    """Everything below a folder, with its content."""
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None for path in sorted(folder.rglob("*"))}


@pytest.mark.parametrize(("arguments", "named"), CASES, ids=[arguments for arguments, _ in CASES])
def test_bad_input(arguments: str, named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name, content in FILES.items():
        (tmp_path / name).write_text(content)
    monkeypatch.chdir(tmp_path)
    before, statements = tree(tmp_path), list(registry)
    code = main(arguments.split())
    printed = capsys.readouterr()
    assert code == 2
    assert printed.out == ""
    assert printed.err.startswith("lemmafuzz: ")
    assert printed.err.count("\n") == 1
    assert "Traceback" not in printed.err
    assert named in printed.err
    assert tree(tmp_path) == before
    assert list(registry) == statements


def test_a_read_only_folder_is_refused_before_any_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: False)  # a root user may write anywhere
    assert main(["check", "--json", str(tmp_path / "out.json")]) == 2
    assert "is read-only" in capsys.readouterr().err


def test_an_error_in_a_users_measure_names_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    text = GOOD_MODULE.read_text().replace("math.sqrt(m)", "nonsense(m)")
    line = 1 + text[: text.index("nonsense(m)")].count("\n")
    Path("broken.py").write_text(text)
    assert main(["check", "loudest-neuron", "--module", "broken.py", "--seed", "1"]) == 2
    sentence = f"module broken.py, line {line}: NameError: name 'nonsense' is not defined, in field 'measure' of statement 'loudest-neuron'"
    assert capsys.readouterr().err == f"lemmafuzz: {sentence}\n"
    assert "loudest-neuron" not in registry

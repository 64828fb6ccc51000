"""A thousand malformed inputs: no traceback, no hang, nothing changed on disk, and one sentence with exit code 2, or a valid answer.

Every input is a function of its number, so a failure is a number to run again. What is mutated is a good file of each kind, so that most
inputs get past the first check; the arguments are good ones with at least one bad value among them.
"""

from __future__ import annotations

import contextlib
import io
import json
import random
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from checkers.certification.triage import triage
from checkers.command_line.main import main
from checkers.fuzzing import counterexamples
from theorems import registry

ROOT = Path(__file__).parents[2]
COUNTEREXAMPLES = ROOT / "tests" / "counterexamples"
SECONDS = 20  # far beyond what any of these takes; what hangs is stopped
TRAIN = ("--width", "4", "--depth", "1", "--steps", "2", "--seed", "1")
STRANGE: tuple[Any, ...] = (
    -1, 0, 1, 2, 3.5, 1e308, -1e-320, 10**13, 10**30, "", "x", "\u202e", "width", None, True, [], {}, [[]], [[1.0]], {"a": []}, "9" * 5000,
)  # fmt: skip
NUMBERS = (
    "nan", "inf", "-inf", "1e999", "", " ", "0", "-0.0", "1e-320", "1e308", "x", "0x10", "1_0", "½", '"', "'", "\x00", "1,1", "9" * 400,
)  # fmt: skip


class _TooLong(Exception):
    pass


@contextlib.contextmanager
def at_most(seconds: int) -> Iterator[None]:
    """Raise in the middle of whatever hangs."""

    def stop(*_: object) -> None:
        raise _TooLong(f"no answer within {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def bytes_mutated(content: bytes, chance: random.Random) -> bytes:
    """A few bytes changed, dropped, repeated or put in; or the end cut off."""
    data = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 5, 20))):
        at = chance.randrange(len(data) + 1)
        kind = chance.randrange(6)
        if kind == 0 and at < len(data):
            data[at] ^= 1 << chance.randrange(8)
        elif kind == 1:
            del data[at : at + chance.choice((1, 3, 50))]
        elif kind == 2:
            data[at:at] = data[at : at + chance.choice((1, 10, 100))]
        elif kind == 3:
            data[at:at] = chance.choice((b"\xff\xfe", b"\x00", b"-", b"e9999", b"\n", b'"', b"[" * 2000, b"{}", b"NaN", b"1e400"))
        elif kind == 4:
            del data[at:]
        elif at < len(data):
            data[at] = chance.randrange(256)
    return bytes(data)


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from _places(inner, (*path, key))


def json_mutated(content: bytes, chance: random.Random) -> bytes:
    """Valid JSON with a few fields removed, replaced or moved."""
    whole = json.loads(content)
    for _ in range(chance.choice((1, 1, 2, 4))):
        *path, last = chance.choice([*_places(whole)])
        inner = whole
        for key in path:
            inner = inner[key]
        kind = chance.randrange(5)
        if kind == 0:
            del inner[last]
        elif kind == 1 and isinstance(inner[last], int | float):
            inner[last] = inner[last] * chance.choice((-1, 0, 2, 10**6, 0.5))
        else:
            inner[last] = chance.choice(STRANGE)
    return json.dumps(whole).encode()


def counterexample_case(chance: random.Random, folder: Path) -> list[str]:
    original = chance.choice(sorted(COUNTEREXAMPLES.glob("*.json"))).read_bytes()
    (folder / "case.json").write_bytes(chance.choice((bytes_mutated, json_mutated))(original, chance))
    return ["replay", "case.json"]


def _table(chance: random.Random) -> np.ndarray:
    shape = (chance.choice((1, 2, 5, 8)), chance.choice((1, 2, 3, 4)))
    table = np.random.default_rng(chance.randrange(2**32)).standard_normal(shape)
    for _ in range(chance.choice((0, 1, 3))):
        at = chance.randrange(shape[0]), chance.randrange(shape[1])
        table[at] = chance.choice((np.nan, np.inf, 0.0, 1e308, -1e308, 5e-324, table[0, 0]))
    return table


def csv_case(chance: random.Random, folder: Path) -> list[str]:
    rows = [[repr(float(x)) for x in row] for row in _table(chance)]
    if chance.random() < 0.5:
        rows.insert(0, [f"c{k}" for k in range(len(rows[0]))])
    for _ in range(chance.choice((0, 1, 2))):
        row = chance.choice(rows)
        row[chance.randrange(len(row))] = chance.choice(NUMBERS)
    text = chance.choice(("\n", "\r\n", "\r")).join(chance.choice((",", ",", ";")).join(row) for row in rows).encode()
    (folder / "case.csv").write_bytes(bytes_mutated(text, chance) if chance.random() < 0.6 else text)
    return ["train", "--data", "case.csv", *_labels(chance, "c0"), *TRAIN]


def _labels(chance: random.Random, name: str) -> list[str]:
    odd = chance.choice(("7", "", "²", "1e3"))
    return chance.choice((["--labels", "random"], ["--label-column", name], ["--label-column", "-1"], ["--label-column", odd], []))


def _array(chance: random.Random) -> np.ndarray:
    table: np.ndarray = _table(chance)
    kind = chance.randrange(8)
    if kind == 0:
        with np.errstate(all="ignore"):
            return table.astype(chance.choice(("complex128", "U8", "S3", "float16", "int8", "bool", "M8[s]")))
    if kind == 1:
        return table[0] if chance.random() < 0.5 else table[None]
    if kind == 2:
        return table.astype(object)  # pickled
    if kind == 3:
        return np.zeros((chance.choice((0, 3)), 0))
    return table if kind < 6 else np.asfortranarray(table.astype(">f8"))


def npy_case(chance: random.Random, folder: Path) -> list[str]:
    file = io.BytesIO()
    np.save(file, _array(chance))
    content = file.getvalue()
    if chance.random() < 0.4:
        forged = chance.choice((b"(99999999999, 99999999999)", b"(4000000000, 3)", b"(-1, 3)", b"(True, 2)", b"(2, 2, 2, 2)", b"()"))
        start = content.index(b"(")
        end = content.index(b")", start) + 1
        content = content[:start] + forged + content[end:]  # the header's padding now has another length, as a forger's might
        if chance.random() < 0.7:
            content = _padded(content)
    if chance.random() < 0.6:
        content = bytes_mutated(content, chance)
    (folder / "case.npy").write_bytes(content)
    return ["train", "--data", "case.npy", *_labels(chance, "0"), *TRAIN]


def _padded(content: bytes) -> bytes:
    """An npy file whose header says how long it is."""
    end = content.index(b"\n") + 1
    return content[:8] + (end - 10).to_bytes(2, "little") + content[10:]


def npz_case(chance: random.Random, folder: Path) -> list[str]:
    arrays = {"inputs": _array(chance), "labels": np.arange(chance.choice((1, 2, 5, 8)), dtype=chance.choice((np.int64, np.float64)))}
    file = io.BytesIO()
    if chance.random() < 0.3:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            inner = io.BytesIO()
            np.save(inner, np.zeros((2, 2)))
            header = inner.getvalue()[:128].replace(b"(2, 2), ", chance.choice((b"(2**9,2),", b"(9e9, 2),", b"(1<<40,2)")))
            promise = b"{'descr': '<f8', 'fortran_order': False, 'shape': (300000000000, 4), }"
            bomb = np.lib.format.magic(1, 0) + b"\x76\x00" + promise.ljust(117) + b"\n"
            archive.writestr("inputs.npy", chance.choice((bomb, header, b"", bomb + bytes(10**6))))
            archive.writestr(chance.choice(("labels.npy", "inputs.npy/", "../x.npy", "notes.txt")), b"text")
    else:
        save = np.savez_compressed if chance.random() < 0.5 else np.savez
        save(file, inputs=arrays["inputs"], labels=arrays["labels"])
    content = file.getvalue()
    (folder / "case.npz").write_bytes(bytes_mutated(content, chance) if chance.random() < 0.6 else content)
    return ["train", "--data", "case.npz", *_labels(chance, "labels"), *TRAIN]


GOOD_MODULE = (ROOT / "docs" / "own-statement.py").read_bytes()


def module_case(chance: random.Random, folder: Path) -> list[str]:
    name = chance.choice(("case.py",) * 6 + ("case", "ca se.py", "é.py", ".py", "random.py", "a" * 300 + ".py", "no/such.py", "", "-", "~"))
    if name.endswith(".py") and "/" not in name and len(name) < 100:
        lines = GOOD_MODULE.split(b"\n")
        if chance.random() < 0.5:
            chance.shuffle(lines) if chance.random() < 0.2 else lines.pop(chance.randrange(len(lines)))
            content = b"\n".join(lines)
        else:
            content = bytes_mutated(GOOD_MODULE, chance)
        (folder / name).write_bytes(content)
    return [chance.choice(("list", "list", "show", "replay")), *chance.choice(([], ["loudest-neuron"])), "--module", name]


BAD_NUMBERS = ("", "x", "-1", "nan", "inf", "1.5", "0x1", "--", "-", "1 2", "\udcff")
ARGUMENTS: dict[str, dict[str, tuple[str, ...]]] = {
    "check": {
        "--seed": BAD_NUMBERS, "--profile": ("", "Quick", "\u202e"), "--device": ("", "cuda:99", "meta", "x" * 300),
        "--processes": ("0", *BAD_NUMBERS),
    },
    "power": {
        "--seed": BAD_NUMBERS, "--module": ("", ".", "nowhere.py", "/dev/null", "a" * 5000), "--json": ("no/where.json", ".", "a" * 300),
    },
    "scale": {"--profile": ("none",), "--seed": BAD_NUMBERS, "--nonsense": ("1",)},
    "train": {
        "--width": ("0", *BAD_NUMBERS), "--steps": ("0", *BAD_NUMBERS), "--step-size": ("0", "nan", "inf", "-1", "x"),
        "--goal": ("2", "nan"),
        "--data": ("", "nowhere.csv", ".", "/dev/null", "a" * 300 + ".csv", "x.npz", "\udcff.csv"), "--samples": ("0", "99999", "x"),
    },
    "calibrate": {"--margin": ("0", "nan", "inf", "x"), "--file": ("no/where.json", ".", "a" * 300)},
    "report": {"--folder": ("nowhere", "/dev/null", "a" * 300), "--seed": BAD_NUMBERS},
    "replay": {"--module": ("nowhere.py",), "--json": ("no/where.json",)},
    "show": {"--module": ("nowhere.py", "\udcff.py")},
    "certify": {"--width": ("0", *BAD_NUMBERS), "--depth": ("0", "x"), "--seed": BAD_NUMBERS},
}  # fmt: skip


def argument_case(chance: random.Random, folder: Path) -> list[str]:
    command = chance.choice(sorted(ARGUMENTS))
    options = ARGUMENTS[command]
    chosen = chance.sample(sorted(options), chance.choice((1, min(2, len(options)))))
    arguments = [word for name in chosen for word in (name, chance.choice(options[name]))]
    if chance.random() < 0.3:
        arguments.insert(0, chance.choice(("no-such-statement", "", "-x", "\x1b[31m", "\udcff", "forward-norm\n")))
    if chance.random() < 0.1:
        command = chance.choice(("", "chec", "--version=1", "-", "\udcff"))
    return [command, *arguments]


KINDS: dict[str, tuple[Callable[[random.Random, Path], list[str]], int]] = {
    "counterexamples": (counterexample_case, 350),
    "csv": (csv_case, 150),
    "npy": (npy_case, 120),
    "npz": (npz_case, 100),
    "modules": (module_case, 100),
    "arguments": (argument_case, 180),
}
PART = 10


def run(arguments: list[str]) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), at_most(SECONDS):
        code = main(arguments)
    return code, out.getvalue(), err.getvalue()


def tree(folder: Path) -> dict[str, bytes | None]:
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None for path in sorted(folder.rglob("*"))}


@pytest.fixture(autouse=True)
def _short_proofs(monkeypatch: pytest.MonkeyPatch) -> None:
    """What still fails is proved elsewhere."""
    monkeypatch.setattr(counterexamples, "triage", lambda s, d, i, seed, most: triage(s, d, i, seed, 2**13))


def test_there_are_a_thousand() -> None:
    assert sum(count for _, count in KINDS.values()) == 1000
    assert len([*COUNTEREXAMPLES.glob("*.json")]) >= 5


@pytest.mark.parametrize(("kind", "first"), [(kind, first) for kind, (_, count) in KINDS.items() for first in range(0, count, PART)])
def test_malformed(kind: str, first: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    statements = list(registry)
    for number in range(first, first + PART):
        folder = tmp_path / str(number)
        folder.mkdir()
        monkeypatch.chdir(folder)
        arguments = KINDS[kind][0](random.Random(f"{kind} {number}"), folder)
        before = tree(folder)
        code, out, err = run(arguments)
        where = f"{kind} {number}: {arguments}: {code} {out}{err}"
        assert code in (0, 1, 2), where
        assert "Traceback" not in out + err, where
        if code == 2 and not out:
            assert err.startswith("lemmafuzz: "), where
            assert err.count("\n") == 1, where
        assert tree(folder) == before, where
        assert list(registry) == statements, where
        if kind == "arguments":
            assert code == 2, where


@pytest.mark.parametrize("kind", KINDS)
def test_most_are_refused_and_some_get_far(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mutation that always fails at the first check would test little: refusals have many different sentences."""
    monkeypatch.chdir(tmp_path)
    sentences = set()
    for number in range(15):
        arguments = KINDS[kind][0](random.Random(f"{kind} {number}"), tmp_path)
        sentences.add(run(arguments)[2][:60])
    assert len(sentences) >= 4


def test_real_processes_say_the_same(tmp_path: Path) -> None:
    """One of each kind as a user meets it: another process, bytes for arguments, a real standard error."""
    for kind, (make, _) in KINDS.items():
        arguments = make(random.Random(f"{kind} process"), tmp_path)
        command = [sys.executable, "-c", "import sys; from checkers.command_line.main import main; sys.exit(main())", *arguments]
        environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
        found = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=60, env=environment, check=False)
        assert found.returncode in (0, 1, 2), found.stderr
        assert b"Traceback" not in found.stderr + found.stdout

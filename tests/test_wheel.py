"""lemmafuzz as its users have it: a wheel in a project outside the repository, which has folders called strategies, theorems and checkers
of its own; and a checkout in such a project, which is refused in one sentence."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from checkers.machine.wheel import under_one_name

ROOT = Path(__file__).parent.parent
NAMES = ("theorems", "strategies", "checkers")
LIGHT = f"""import sys
import {", ".join(NAMES)}

def test_the_folders_are_the_projects_own():
    assert [one.MINE for one in ({", ".join(NAMES)})] == {list(NAMES)}

def test_nothing_heavy_is_loaded():
    assert not {{"torch", "hypothesis.strategies", "lemmafuzz.checkers"}} & set(sys.modules)
"""
# The tests themselves run where lemmafuzz is installed with --editable.
NO_CHECKOUT = "import sys\nsys.meta_path[:] = [one for one in sys.meta_path if not one.__module__.startswith('__editable__')]\n"
HEAD = """import strategies  # the project's own
from lemmafuzz import"""


def run(folder: Path, site: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(site), "OMP_NUM_THREADS": "1", "COLUMNS": "200"}
    environment.pop("PYTEST_ADDOPTS", None)
    return subprocess.run([sys.executable, "-m", *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy of the sources, for a build leaves traces beside them."""
    source = tmp_path_factory.mktemp("source")
    for name in NAMES:
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("lemmafuzz.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    (source / "build" / "lib" / "strategies").mkdir(parents=True)  # what an earlier build may have left
    code = "from setuptools import build_meta; build_meta.build_wheel('dist')"
    subprocess.run([sys.executable, "-c", code], cwd=source, capture_output=True, check=True)
    (built,) = (source / "dist").iterdir()
    return built


@pytest.fixture(scope="module")
def site(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:  # of pure Python: to install it is to unpack it
        archive.extractall(folder)
    (folder / "sitecustomize.py").write_text(NO_CHECKOUT)
    return folder


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with three folders like ours, tests, a lemma that holds and one that does not."""
    folder = tmp_path_factory.mktemp("project")
    for name in NAMES:
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text(f"MINE = {name!r}\n")
    (folder / "pyproject.toml").write_text('[tool.pytest.ini_options]\npythonpath = ["."]\nfilterwarnings = ["error"]\n')
    (folder / "test_light.py").write_text(LIGHT)
    lemma = (ROOT / "docs" / "own-statement.py").read_text().replace("from lemmafuzz import", HEAD)
    (folder / "inner").mkdir()
    (folder / "inner" / "lemmas_of_norms.py").write_text(lemma)
    false = lemma.replace("loudest-neuron", "false-neuron").replace('at_most="C sqrt(log(n m)/m) size"', 'at_most="C size/sqrt(m)"')
    (folder / "inner" / "lemmas_false.py").write_text(false)
    return folder


def test_a_wheel_has_one_package(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"lemmafuzz"}
    for wanted in ("__init__.py", "__main__.py", "py.typed", "theorems/language/calibration.json", "strategies/data.py"):
        assert f"lemmafuzz/{wanted}" in names


def test_imports_are_moved_and_nothing_else() -> None:
    source = 'def f():\n    """from theorems import x"""\n    é = 1; from theorems.a import b\nfrom strategies import (\n c)\n'
    moved = 'def f():\n    """from theorems import x"""\n    é = 1; from lemmafuzz.theorems.a import b\n'
    assert under_one_name(source) == moved + "from lemmafuzz.strategies import (\n c)\n"


@pytest.mark.parametrize("source", ["import theorems.language", "import_module(f'theorems.{a}')", "importlib.import_module('checkers')"])
def test_what_cannot_be_moved_stops_the_build(source: str) -> None:
    with pytest.raises(ValueError, match=f"line 2: {source.split('.')[0].split('(')[0]}.*: a wheel has this package inside lemmafuzz"):
        under_one_name(f"import os\n{source}")
    assert under_one_name("import_module(f'{__name__}.theorems')") == "import_module(f'{__name__}.theorems')"


@pytest.mark.slow
def test_a_suite_in_a_project_with_folders_like_ours(project: Path, site: Path) -> None:
    options = ("--lemmas-profile", "glance", "--deselect", "test_light.py::test_nothing_heavy_is_loaded")  # lemmas are
    done = run(project, site, "pytest", "-n", "2", "-v", "-p", "no:cacheprovider", *options)
    outcomes = {name: outcome for outcome, name in re.findall(r"\] (PASSED|FAILED) \S+?::(\S.*?) *$", done.stdout, re.MULTILINE)}
    assert done.returncode == 1, done.stdout + done.stderr
    assert outcomes["false-neuron[fully connected]"] == "FAILED"
    assert {name for name, outcome in outcomes.items() if outcome == "PASSED"} >= {
        "loudest-neuron[fully connected]",
        "loudest-neuron[fully connected: log(nm) dropped]",
        "loudest-neuron[fully connected: initialization variance 8/m]",
        "test_the_folders_are_the_projects_own",
    }
    assert "REFUTED  false-neuron  (docs/own-statement.md): h_{i,L} has no entry above C size/sqrt(m) for all i" in done.stdout
    assert "Traceback" not in done.stdout
    (command, *_) = re.findall(r"^  lemmafuzz (replay .*simplest.json.*)$", done.stdout, re.MULTILINE)
    assert command == "replay counterexamples/false-neuron--seed-1--simplest.json --module inner/lemmas_false.py"
    again = run(project, site, "lemmafuzz", *shlex.split(command))
    assert (again.returncode, again.stdout.split("  ")[0], again.stderr) == (1, "STILL FAILS", "")


@pytest.mark.slow
def test_by_name_from_elsewhere_with_another_seed(project: Path, site: Path, tmp_path: Path) -> None:
    options = ("-q", "-rA", "-k", "loudest-neuron and not dropped", "--lemmas", "../lemma.py", "--lemmas-seed", "5")
    (tmp_path / "here").mkdir()
    shutil.copy(project / "inner" / "lemmas_of_norms.py", tmp_path / "lemma.py")
    text = (tmp_path / "lemma.py").read_text()
    (tmp_path / "lemma.py").write_text(text.replace("import strategies", "# ").replace("loudest-neuron", "another-loudest-neuron"))
    done = run(tmp_path / "here", site, "pytest", str(project / "inner" / "lemmas_of_norms.py"), *options)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 passed, 2 deselected" in done.stdout
    assert "::another-loudest-neuron[fully connected]" in done.stdout


def test_a_file_that_names_old_addresses_is_read_beside_a_project_without_such_folders(project: Path, site: Path, tmp_path: Path) -> None:
    text = (ROOT / "docs" / "own-statement.py").read_text()
    new = "from lemmafuzz import Constant, Side, Variant, probability, statement\n"
    assert new in text
    old = (
        "from theorems import statement\nfrom theorems.statement import Constant, Variant\nfrom theorems.forms import probability\n"
        "from theorems.subject import Side\n"
    )  # fmt: skip
    (tmp_path / "before.py").write_text(text.replace(new, old))
    done = run(tmp_path, site, "lemmafuzz", "list", "--quiet", "--module", "before.py")
    assert (done.returncode, done.stderr) == (0, "")
    refused = run(project, site, "lemmafuzz", "list", "--quiet", "--module", str(tmp_path / "before.py"))
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "before.py does not import: ImportError: cannot import name 'statement' from 'theorems'" in refused.stderr


def test_other_tests_wait_for_nothing(project: Path, site: Path) -> None:
    done = run(project, site, "pytest", "-q", "test_light.py")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout


def test_an_option_that_cannot_be_right_is_one_sentence(project: Path, site: Path) -> None:
    done = run(project, site, "pytest", "--lemmas", "absent.py")
    assert (done.returncode, done.stderr.strip()) == (pytest.ExitCode.USAGE_ERROR, "ERROR: --lemmas absent.py does not exist")


def test_a_checkout_in_such_a_project_is_one_sentence(project: Path, tmp_path: Path) -> None:
    """Installed with --editable, it has its packages by their own names, and the project's stand before them."""
    site = tmp_path / "lemmafuzz-0.dist-info"
    site.mkdir()
    (site / "METADATA").write_text("Metadata-Version: 2.1\nName: lemmafuzz\nVersion: 0\n")
    (site / "entry_points.txt").write_text("[pytest11]\nlemmafuzz = lemmafuzz:pytest_plugin\n")
    (tmp_path / "lemmafuzz.py").symlink_to(ROOT / "lemmafuzz.py")
    sentence = f"{project / 'theorems'} is in the way of lemmafuzz's own package 'theorems'"
    done = run(project, tmp_path, "lemmafuzz", "list")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"lemmafuzz: {sentence}")
    suite = run(project, tmp_path, "pytest", "-q", "-p", "no:cacheprovider")
    assert sentence in suite.stdout
    assert "Traceback" not in suite.stdout + suite.stderr
    assert run(project, tmp_path, "pytest", "-q", "-p", "no:cacheprovider", "test_light.py").returncode == 0

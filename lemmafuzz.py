"""lemmafuzz: check theorems about neural networks the way a property-based test checks a program.

Everything that is documented is a name of this module; `python -m lemmafuzz` is the command. What a name stands for is imported when it is
first asked for, so that importing lemmafuzz itself loads no torch: the list below is read, not run.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest

    # running them
    from checkers.certification.both_layers_certificate import both_layers_certificate as both_layers_certificate
    from checkers.certification.certify import certify as certify
    from checkers.certification.deep_certificate import deep_certificate as deep_certificate
    from checkers.certification.smooth_certificate import smooth_certificate as smooth_certificate
    from checkers.certification.smooth_deep_certificate import smooth_deep_certificate as smooth_deep_certificate
    from checkers.certification.training_certificate import certificate as certificate
    from checkers.data.sphere_data import load_sphere as load_sphere
    from checkers.data.training_data import HeldOut as HeldOut
    from checkers.data.training_data import TrainingData as TrainingData
    from checkers.data.training_data import load_training_data as load_training_data
    from checkers.errors import InputError as InputError
    from checkers.evidence.decide import decide as decide
    from checkers.evidence.profiles import PROFILES as PROFILES
    from checkers.evidence.profiles import Profile as Profile
    from checkers.experiments.autopsy.inspect import inspect as inspect
    from checkers.experiments.calibration import calibrate as calibrate
    from checkers.experiments.compare.compare import compare as compare
    from checkers.experiments.scaling.exponents import scale as scale
    from checkers.experiments.sharpening.run import sharpen as sharpen
    from checkers.experiments.width.certified_width import certified_width as certified_width
    from checkers.experiments.width.diagnosis import diagnose as diagnose
    from checkers.fuzzing.counterexamples import read as read_counterexample
    from checkers.fuzzing.counterexamples import replay as replay

    # networks and kernels
    from checkers.networks.architectures.architecture import Architecture as Architecture
    from checkers.networks.architectures.by_name import architecture_for as architecture_for
    from checkers.networks.architectures.by_name import register as register_architecture
    from checkers.networks.kernels import empirical_kernel as empirical_kernel
    from checkers.networks.kernels import limit_kernel as limit_kernel
    from checkers.networks.network import Network as Network
    from checkers.networks.randomness import NormalSource as NormalSource
    from checkers.networks.randomness import seed_sequence as seed_sequence
    from checkers.records.events import Advanced as Advanced
    from checkers.records.events import DecisionMade as DecisionMade
    from checkers.records.events import Event as Event
    from checkers.records.events import InstanceRefuted as InstanceRefuted
    from checkers.records.events import PieceDone as PieceDone
    from checkers.records.events import StatementJudged as StatementJudged
    from checkers.records.events import StepRecorded as StepRecorded
    from checkers.records.events import VariantJudged as VariantJudged
    from checkers.runs.jobs.own_statements import own_statements as own_statements
    from checkers.runs.suite import check as check
    from checkers.runs.suite import power as power
    from checkers.training.run import train as train
    from checkers.training.training_setup import TrainingSetup as TrainingSetup

    # what statements speak of, as Hypothesis strategies
    from strategies import LABELS as LABELS
    from strategies import SHAPES as SHAPES
    from strategies import check_data as check_data
    from strategies import closest_pair as closest_pair
    from strategies import data_set as data_set
    from strategies import data_sets as data_sets
    from strategies import instance_from_sizes as instance_from_sizes
    from strategies import instances as instances
    from strategies import label_set as label_set
    from strategies import label_sets as label_sets
    from strategies import radii as radii
    from strategies import separation as separation
    from strategies import sizes as sizes

    # declaring statements
    from theorems import registry as registry
    from theorems import statement as statement
    from theorems.language.forms import assume as assume
    from theorems.language.forms import form as form
    from theorems.language.forms import probability as probability
    from theorems.language.forms import wrong as wrong
    from theorems.language.formula import Formula as Formula
    from theorems.language.formula import FormulaError as FormulaError
    from theorems.language.instance import Instance as Instance
    from theorems.language.statement import Assumption as Assumption
    from theorems.language.statement import Constant as Constant
    from theorems.language.statement import DeclarationError as DeclarationError
    from theorems.language.statement import FailureProbability as FailureProbability
    from theorems.language.statement import Statement as Statement
    from theorems.language.statement import Variant as Variant
    from theorems.language.subject import Comparison as Comparison
    from theorems.language.subject import Descent as Descent
    from theorems.language.subject import Side as Side
    from theorems.language.subject import Subject as Subject
    from theorems.laws.losses import Loss as Loss
    from theorems.laws.losses import loss as loss
    from theorems.laws.losses import losses as losses


def _public() -> dict[str, tuple[str, str]]:
    """Public name -> (module, name there), as the list above says."""
    source = ast.parse(Path(__file__).read_text(encoding="utf-8"))
    blocks = [node for node in source.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    listed = [node for block in blocks for node in block.body if isinstance(node, ast.ImportFrom)]
    return {alias.asname or alias.name: (str(node.module), alias.name) for node in listed for alias in node.names}


_PUBLIC = _public()
__all__ = sorted(_PUBLIC)


@cache
def _alone() -> None:
    """ImportError if other packages stand before those of a checkout. A wheel has them inside, where nothing can (docs/architecture.md)."""
    here = Path(__file__).parent
    for name in () if "__path__" in globals() else ("theorems", "strategies", "checkers"):
        found = importlib.util.find_spec(name)
        where = Path(found.origin).parent if found and found.origin else here / name
        if where.resolve() != (here / name).resolve():
            raise ImportError(
                f"{where} is in the way of lemmafuzz's own package {name!r}: that is so where lemmafuzz runs from a checkout"
                f" or was installed with --editable; install it whole, `pip install {here}`"
            )


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"lemmafuzz has no {name!r}; it has: {', '.join(__all__)}")
    _alone()
    module, original = _PUBLIC[name]
    found = getattr(importlib.import_module(module), original)
    globals()[name] = found  # asked once
    return found


def __dir__() -> list[str]:
    return __all__


class pytest_plugin:  # pytest's name for what an entry point holds
    """What pytest asks at its start in every project where lemmafuzz is installed: it loads nothing. docs/own-test.md"""

    @staticmethod
    def pytest_addoption(parser: pytest.Parser) -> None:
        group = parser.getgroup("lemmafuzz", "lemmas, in files lemmas_*.py")
        group.addoption("--lemmas", action="append", default=[], metavar="FILE", help="A file of lemmas by another name. Repeatable.")
        group.addoption("--lemmas-profile", default="quick", metavar="NAME", help="How hard to try, as in `lemmafuzz check`: quick.")
        group.addoption("--lemmas-seed", default="1", metavar="N", help="Seed of everything random: 1.")

    @staticmethod
    def pytest_configure(config: pytest.Config) -> None:
        asked = [config.getoption(name) for name in ("lemmas", "lemmas_profile", "lemmas_seed")]
        if asked != [[], "quick", "1"]:
            import pytest

            try:
                _suite().configure(config)
            except ValueError as error:
                raise pytest.UsageError(str(error)) from None

    @staticmethod
    def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
        return _collected("LemmaFile", file_path, parent)

    @staticmethod
    def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
        return _collected("NoModule", module_path, parent)


def _collected(kind: str, path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """A collector of the plugin for a file of lemmas, and none for others."""
    if not (path.match("lemmas_*.py") or str(path) in parent.config.getoption("lemmas")):
        return None
    try:
        found: pytest.Collector = getattr(_suite(), kind).from_parent(parent, path=path)
    except ValueError as error:
        raise parent.CollectError(str(error)) from None
    return found


def _suite() -> Any:
    """The rest of the plugin; ValueError if it cannot be found."""
    try:
        _alone()
    except ImportError as error:
        raise ValueError(str(error)) from None
    from checkers import pytest_suite

    return pytest_suite


def main(arguments: list[str] | None = None) -> int:
    """Run the command, and return its exit code."""
    try:
        _alone()
    except ImportError as error:
        print(f"lemmafuzz: {error}", file=sys.stderr)
        return 2
    from checkers.command_line.main import main as command

    return command(arguments)


if __name__ == "__main__":
    raise SystemExit(main())

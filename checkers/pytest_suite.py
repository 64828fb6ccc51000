"""A suite of lemmas under pytest: each statement on each architecture is a test, and so is each of its false variants.

lemmafuzz.py has the hooks, which load this file when they meet a file of lemmas. The suite of this repository, tests/theorems, decides by
the same functions.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch

from checkers.errors import InputError
from checkers.evidence.profiles import PROFILES, Profile
from checkers.records.decisions import VariantVerdict, Verdict
from checkers.report.verdicts import decision_in_words, refutation_in_words, triage_in_words
from checkers.runs.jobs.own_statements import own_statements
from checkers.runs.suite import check, power
from theorems import registry
from theorems.language.statement import Statement

FOLDER = "counterexamples"  # in pytest's rootdir


@dataclass(frozen=True)
class Claim:
    """One test: that a statement holds on an architecture, or that its false variant of this name is refuted."""

    id: str
    architecture: str
    variant: str = ""

    @property
    def name(self) -> str:
        """`forward-norm[residual]`, `forward-norm[residual: tail exponent twice the true one]`."""
        return f"{self.id}[{self.architecture}{': ' if self.variant else ''}{self.variant}]"


def claims(statements: Iterable[Statement]) -> list[Claim]:
    """The tests of statements, each followed by its false variants."""
    return [
        Claim(one.id, one.architecture, variant) for one in statements for variant in ("", *(variant.name for variant in one.variants))
    ]  # fmt: skip


def judged(
    claim: Claim, *, seed: int, profile: Profile, folder: Path | None = None, modules: tuple[Path, ...] = ()
) -> Verdict | VariantVerdict:
    """What `lemmafuzz check` or `power` says about it. Counterexamples of a statement go to the folder, those of a false variant nowhere:
    they need not be simple, so no more is spent on that than a look at what shrinking does."""
    form = registry.form(claim.id, claim.architecture)
    if not claim.variant:
        return check([form], seed=seed, profile=profile, folder=folder, modules=modules).verdicts[0]
    alone = replace(form, variants=tuple(one for one in form.variants if one.name == claim.variant))
    return power([alone], seed=seed, profile=replace(profile, shrinks=2), modules=modules).variants[0]


def complaint(found: Verdict | VariantVerdict, folder: str = FOLDER, modules: tuple[Path, ...] = ()) -> str:
    """Why a test fails, in words; empty if it passes. To say that a statement was hardly tested is not to say that it holds."""
    if isinstance(found, VariantVerdict):
        if found.verdict == "REFUTED":
            return ""
        return (
            f"NOT REFUTED  {found.id}, false variant {found.variant!r}: {found.instances} instances did not tell it from the statement,"
            " so that a statement as false as this one would pass; a larger --lemmas-profile looks further"
        )
    form = registry.form(found.id, found.architecture)
    if found.verdict == "REFUTED":
        return refutation_in_words(found, form, folder, modules)
    if found.verdict in ("HOLDS", "EXTRAPOLATED"):
        return ""
    tried = f"{found.instances} instances; {found.regime}"
    if found.verdict == "UNDECIDED":
        tried = f"only a failure rate above {found.detectable_rate:.2g} would have been noticed"
        tried += "".join(f"; a refutation was withdrawn, {triage_in_words(one)}" for one in found.withdrawn[:1])
    worst = f"\n  nearest     {decision_in_words(found.nearest, form)}" if found.nearest else ""
    return f"{found.verdict}  {found.id}  ({found.source}): {tried}; a larger --lemmas-profile tries more{worst}"


def configure(config: pytest.Config) -> None:
    """Refuse options that cannot be right, with ValueError, and have the named files collected wherever they are."""
    asked(config)
    named = {path: os.path.normpath(os.path.join(config.invocation_params.dir, path)) for path in config.getoption("lemmas")}
    for path, whole in named.items():
        if not os.path.isfile(whole):
            raise ValueError(f"--lemmas {path} {'is not a file' if os.path.exists(whole) else 'does not exist'}")
    config.option.lemmas = list(named.values())
    config.args.extend(path for path in named.values() if path not in config.args)


def asked(config: pytest.Config) -> tuple[int, Profile]:
    """Seed and profile; ValueError with one sentence."""
    seed, profile = config.getoption("lemmas_seed"), config.getoption("lemmas_profile")
    if not seed.isdecimal():
        raise ValueError(f"--lemmas-seed must be an integer from 0, not {seed!r}")
    if profile not in PROFILES:
        raise ValueError(f"--lemmas-profile must be one of {', '.join(PROFILES)}, not {profile!r}")
    return int(seed), PROFILES[profile]


class LemmaFile(pytest.File):
    """A file of lemmas. It is imported to see what it declares, and again for each test: between them the registry is as it was."""

    def collect(self) -> Iterator[LemmaTest]:
        before = set(registry.cells())
        try:
            with own_statements([self.path]):
                found = claims(registry.form(*cell) for cell in registry.cells() if cell not in before)
        except InputError as error:
            raise self.CollectError(str(error)) from None
        for claim in found:
            yield LemmaTest.from_parent(self, name=claim.name, claim=claim)


class NoModule(pytest.File):
    """What pytest would take for a module of tests, and import, because it was named on the command line."""

    def collect(self) -> list[pytest.Item]:
        return []


class LemmaTest(pytest.Item):
    """One claim, decided with the seed and the profile of the session."""

    def __init__(self, *, claim: Claim, **given: Any) -> None:
        super().__init__(**given)
        self.claim = claim

    def runtest(self) -> None:
        if hasattr(self.config, "workerinput"):  # of xdist: the other workers have the other cores
            torch.set_num_threads(1)
        seed, profile = asked(self.config)
        folder, modules = self.config.rootpath / FOLDER, (self.path,)
        with own_statements(modules, probed=True):
            found = judged(self.claim, seed=seed, profile=profile.naming([self.claim.id]), folder=folder, modules=modules)
            here = self.config.invocation_params.dir
            shown = tuple(Path(os.path.relpath(path, here)) for path in (folder, *modules))
            if words := complaint(found, str(shown[0]), shown[1:]):
                raise ClaimFails(f"{words}\nprofile {profile.name}, seed {seed}")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        return str(excinfo.value) if isinstance(excinfo.value, ClaimFails | InputError) else super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, None, str]:
        return self.path, None, self.name


class ClaimFails(AssertionError):
    """A test fails, in words that need no traceback."""

"""Which of the statements that a refuted one rests on already fails on the very networks of the counterexample."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor

from checkers.errors import InputError
from checkers.evidence.measured import measured
from checkers.evidence.profiles import cost
from checkers.evidence.worst_case import worst_case
from checkers.experiments.autopsy.survey import Drawn, finite, rate_of
from checkers.records.autopsies import Foundation
from theorems.language.instance import Instance
from theorems.language.registry import Registry
from theorems.language.statement import Statement
from theorems.language.subject import Subject

MOST: Final = 2**27  # Gaussian numbers' worth of passes that one of them may take


def foundations(statement: Statement, instance: Instance, drawn: Sequence[Drawn], failing: Tensor, catalogue: Registry) -> list[Foundation]:
    """All that the statement rests on, directly or not, the deepest first."""
    found = []
    for one in catalogue.foundations(statement.id):
        if not catalogue.has_form(one.id, statement.architecture):
            continue
        found.append(_asked(catalogue.form(one.id, statement.architecture), instance, drawn, failing))
    return found


def _asked(form: Statement, instance: Instance, drawn: Sequence[Drawn], failing: Tensor) -> Foundation:
    """A statement about the initialization is asked of the networks as they were drawn, one about moved weights of every move."""
    subjects = [subject for name, subject, _ in drawn if bool(name) == bool(form.adversary)] or [subject for _, subject, _ in drawn]
    work = cost(form, instance)[1] * form.passes * len(failing) * len(subjects)
    if work > MOST:
        return Foundation(id=form.id, source=form.source, reason="costs more than an autopsy does")
    try:
        claimed = form.failure_probability(instance)
        ratio, bar = _ratios(form, subjects)
        inside = form.inside(instance)
    except (ValueError, RuntimeError, ArithmeticError, InputError) as error:
        return Foundation(id=form.id, source=form.source, reason=str(error).splitlines()[0])
    broken = ratio > bar
    return Foundation(
        id=form.id, source=form.source, inside=inside and claimed < 0.5, rate=rate_of(int(broken.sum()), len(broken), claimed),
        with_failure=int((broken & failing).sum()), worst=finite(float(ratio.max())),
    )  # fmt: skip


def _ratios(form: Statement, subjects: Sequence[Subject]) -> tuple[Tensor, float]:
    """The largest ratio of every trial, and what it has to exceed."""
    cases = [worst_case(form, measured(form, subject)) for subject in subjects]
    return torch.stack([case.ratio.double() for case in cases]).amax(0).cpu(), 1 + max(case.rounding for case in cases)

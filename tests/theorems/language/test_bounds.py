"""Statements whose other side is a formula: the same comparison as by hand, and a mistake is one sentence."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest
import torch

from checkers.errors import InputError
from checkers.evidence.decide import decide
from checkers.evidence.measured import measured
from checkers.report.statements import bounds_in_latex, statement_in_words
from checkers.subjects.network import NetworkSubject
from lemmafuzz import Network
from strategies import instance_from_sizes
from tests.helpers import sources
from theorems.language.forms import assume, probability
from theorems.language.instance import Instance
from theorems.language.registry import Registry, registry
from theorems.language.statement import FLIPS, Assumption, Constant, DeclarationError, Statement, Variant
from theorems.language.subject import Comparison, Side, Subject

source = sources(41, "bounds")
SIZES = {"width": 24, "depth": 3, "samples": 2, "outputs": 2, "radius": 0.1}
TRIALS = 5


def stated(measure: Any, **fields: Any) -> Statement:
    declared: dict[str, Any] = {
        "id": "stated", "source": "tests", "claim": "norms are at most {bound}", "kind": "derived", "measure": measure,
        "ranges": {"width": (8, 64), "depth": (1, 4), "samples": (1, 3)}, "constants": {"C": Constant(2.0, "chosen")},
        "failure": probability("exp(-C m/L)"),
        "variants": (Variant("smaller", "constant", {"at_most": "C/m"}), Variant("other", "exponent", {"at_most": "C/L"})),
    }  # fmt: skip
    return Statement(**{**declared, **fields})


def norms(subject: Subject) -> Side:
    return Side(subject.norms()[..., 1:], axes=("sample", "layer"), given={"size": subject.norms()[..., :1].amax(1)[:, 0]})


def subject_of(statement: Statement) -> NetworkSubject:
    instance = instance_from_sizes(statement, SIZES)
    network = Network.draw("dense", instance.width, instance.depth, instance.inputs.shape[1], instance.outputs, TRIALS, source("draw"))
    return NetworkSubject(network, instance, source("questions"))


def test_a_bound_from_above_is_the_right_side() -> None:
    statement = stated(norms, at_most="C sqrt(L) size")
    subject = subject_of(statement)
    found = measured(statement, subject)
    size = subject.norms()[:, :, 0].amax(1)[:, None, None]
    torch.testing.assert_close(found.left, subject.norms()[..., 1:], rtol=0, atol=0)
    torch.testing.assert_close(found.right, (2 * math.sqrt(3) * size).expand(TRIALS, 2, 3), rtol=1e-15, atol=0)
    assert statement.sentence == "norms are at most C sqrt(L) size"


def test_a_bound_from_below_is_the_left_side() -> None:
    found = measured(statement := stated(norms, at_least="C/m"), subject_of(statement))
    assert (found.left == 2 / 24).all()
    assert found.left.shape == found.right.shape == (TRIALS, 2, 3)


def test_an_absolute_error_weighs_as_much_as_the_bound_is_small() -> None:
    def near(subject: Subject) -> Side:
        return Side(subject.norms(), axes=("sample", "layer"), rounding=1e-12, error=1e-6)

    statement = stated(near, at_most="C/m")
    assert measured(statement, subject_of(statement)).rounding == pytest.approx(1e-12 + 1e-6 / (2 / 24), rel=1e-12)


def test_parts_are_the_last_axis_each_with_its_own_bound() -> None:
    def both(subject: Subject) -> Side:
        return Side(torch.stack([subject.norms(), subject.norms()], -1), axes=("sample", "layer", "part"))

    statement = stated(both, at_most=("C m", "C/m"), claim="one by {bound}, the other by {bound}")
    found = measured(statement, subject_of(statement))
    assert found.right.shape == (TRIALS, 2, 4, 2)
    assert (found.right[..., 0] == 48).all()
    assert (found.right[..., 1] == 2 / 24).all()
    assert statement.sentence == "one by C m, the other by C/m"


def test_a_measure_gets_the_constants_that_it_names() -> None:
    def asks(subject: Subject, step: float) -> Side:
        return Side(subject.norms() * step, axes=("sample", "layer"))

    statement = stated(asks, at_most="C", constants={"C": Constant(2.0, "chosen"), "step": Constant(3.0, "chosen")})
    subject = subject_of(statement)
    assert (measured(statement, subject).left == 3 * subject.norms()).all()


def test_a_false_variant_changes_the_formula_alone() -> None:
    statement = stated(norms, at_most="10 C size")
    instance = instance_from_sizes(statement, SIZES)
    options: dict[str, Any] = {"seed": 1, "engine": "dense", "trials": 40, "alpha": 1e-6}
    assert not decide(statement, instance, **options).refuted
    assert decide(statement.variant("smaller"), instance, **options).refuted


@pytest.mark.parametrize(
    ("measure", "fields", "sentence"),
    [
        (norms, {"at_most": "C sqrt(F)"}, "the formula 'C sqrt(F)' speaks of 'F', which nothing gives"),
        (norms, {"at_most": "C sqrt("}, "the formula 'C sqrt(' cannot be read"),
        (norms, {"at_most": ("C", "C/m")}, "has 2 bounds, and its last axis is not as long"),
        (norms, {}, "field 'measure' gave a Side, not a Comparison"),
        (lambda subject: Comparison(subject.norms(), subject.norms()), {"at_most": "C"}, "field 'measure' gave a Comparison, not a Side"),
        (lambda subject: Side(3.0), {"at_most": "C"}, "field 'measure' gave a float as its side, not a tensor"),  # type: ignore[arg-type]
        (lambda subject: Side(subject.norms(), given={"size": torch.ones(3, 7)}), {"at_most": "C size"}, "statement 'stated'"),
    ],
)
def test_a_mistake_is_one_sentence(measure: Any, fields: dict[str, Any], sentence: str) -> None:
    statement = stated(measure, **({"constants": {}, "failure": probability("1/20")} if not fields else {}), **fields)
    with pytest.raises((DeclarationError, InputError)) as raised:
        measured(statement, subject_of(statement))
    assert sentence in str(raised.value)


def test_a_statement_has_one_of_the_two_bounds() -> None:
    with pytest.raises(DeclarationError, match="'at_least' must be empty where at_most is given"):
        Registry().add(stated(norms, at_most="C", at_least="C/m"))
    with pytest.raises(DeclarationError, match="'at_most' must be a formula, or a tuple of them, not 3"):
        Registry().add(stated(norms, at_most=3))


def test_assumptions_are_formulas() -> None:
    found = assume("omega <= c/(L^(9/2) log(m)^3)", c=0.5)
    instance = Instance(width=64, depth=2, radius=1e-5)
    assert (found.name, found.quantity, found.relation) == ("radius", "radius", "<=")
    assert found.limit(instance) == pytest.approx(0.5 / (2**4.5 * math.log(64) ** 3), rel=1e-14)
    assert found.holds(instance)
    assert found.depth(instance) == pytest.approx(1 / (2**4.5 * math.log(64) ** 3) / 1e-5, rel=1e-14)  # with c = 1
    assert assume("m >= n L log(n L)").depth(Instance(width=64)) == math.inf  # the right side is 0 where n = L = 1
    wide = assume("m >= n^3 L^7", "so that all fit", name="width for all")
    assert (wide.name, wide.formula, wide.holds(instance)) == ("width for all", "m >= n^3 L^7, so that all fit", False)
    for wrong in ("omega", "K <= 3", "m <=", "n + 1 >= L"):
        with pytest.raises(DeclarationError, match="must read `m >= n L`"):
            assume(wrong)
    with pytest.raises(DeclarationError, match="speaks of K, which no instance has"):
        assume("m >= K L")


def test_a_definition_is_given_to_the_measure_and_to_later_formulas() -> None:
    seen: list[float] = []

    def measure(subject: Subject, T: float) -> Side:
        seen.append(T)
        return norms(subject)

    statement = stated(measure, claim="norms after T = {T} are at most {bound}", at_most="C eta T",
                       definitions={"eta": "C d/m", "T": "1/(L eta)"})  # fmt: skip
    subject = subject_of(statement)
    found = measured(statement, subject)
    assert seen == [pytest.approx(24 / (3 * 2 * 2), rel=1e-14)]
    torch.testing.assert_close(found.right, torch.full_like(found.right, 2 / 3), rtol=1e-14, atol=0)
    assert statement.sentence == "norms after T = 1/(L eta) are at most C eta T"
    with pytest.raises(DeclarationError, match="field 'definitions': 'T' speaks of eta, which nothing gives"):
        Registry().add(stated(measure, at_most="C", definitions={"T": "1/eta", "eta": "C"}))


def test_show_prints_the_formula_and_its_latex() -> None:
    own = Registry()
    statement = own.add(
        stated(
            norms, at_most="C L^(5/2) omega sqrt(log(m)) size", definitions={"eta": "C d/m"}, failure=probability("exp(-m/L)"),
            assumptions=(assume("m >= c n L", c=2.0), Assumption("depth", "L <= 9", "depth", "<=", lambda i: 9.0)),
        )
    )  # fmt: skip
    assert bounds_in_latex(statement) == [r"C L^{5/2} \omega \sqrt{\log m} \mathrm{size}"]
    text = " ".join(statement_in_words(statement, own).split())
    assert "claim norms are at most C L^(5/2) omega sqrt(log(m)) size" in text
    assert r"in LaTeX bound: \le C L^{5/2} \omega \sqrt{\log m} \mathrm{size} where: \eta = \frac{C d}{m}" in text
    assert r"assuming: m \ge c n L fails with probability: \le e^{\frac{- m}{L}} kind" in text, "one that is no formula has none"


def test_a_bound_says_whether_its_constants_scale_it() -> None:
    for at_most, proportional in (("C m size", True), ("C (L + sqrt(m))", True), ("C L + m", False), ("C^2 m", False), ("eta/m", True),
                                  ("C eta", False), (("C m", "C L"), True), (("C m", "L"), False)):
        statement = stated(norms, at_most=at_most, definitions={"eta": "C d"})
        assert statement.proportional_to(["C"]) == proportional, at_most
    two = stated(norms, at_most="C m + K L", constants={"C": Constant(1.0, ""), "K": Constant(1.0, "")})
    assert two.proportional_to(["C", "K"])
    assert not two.proportional_to(["C"])
    read = stated(lambda subject, C: norms(subject), at_most="C m")
    assert not read.proportional_to(["C"]), "the measure reads it as well"
    assert (two.direction, stated(norms, at_least="C").direction) == ("at most", "at least")


def test_what_is_known_to_be_sharp_is_known_of_one_architecture() -> None:
    assert registry["sign-flips"].certificate == FLIPS
    assert {registry.form("sign-flips", name).certificate for name in ("residual", "convolutional")} == {""}
    assert {form.certificate for form in registry.forms("operator-norm")} == {"upper bounds"}
    for wrong, sentence in (
        ({"certificate": "by hand"}, "field 'certificate' must be one of '', 'upper bounds', 'flips of one layer', not 'by hand'"),
        ({"trained": 1}, "field 'trained' must be True or False, not 1"),
        ({"sharp": {"width": "half"}}, "field 'sharp': 'width' must be a number"),
        ({"sharp": {"breadth": 1.0}}, "names the unknown quantity 'breadth'"),
        ({"proved": ("C", "C")}, "field 'proved' must be a formula for each of the bounds, or empty, not ('C', 'C')"),
        ({"proved": 1.0}, "field 'proved' must be a formula for each of the bounds, or empty, not 1.0"),
    ):
        with pytest.raises(DeclarationError, match=re.escape(sentence)):
            Registry().add(stated(norms, at_most="C", **wrong))


def test_exponents_follow_from_the_formula() -> None:
    statement = stated(norms, at_most="C L^(5/2) sqrt(log(m)/m) size", scales=("width", "depth"), exponents={"samples": 0.0})
    assert statement.axes == ("samples", "width", "depth")
    assert statement.claimed_exponents == {"samples": 0.0, "width": -0.5, "depth": 2.5}
    for wrong, sentence in (
        ({"scales": ("width",), "at_most": ()}, "'scales' must be a tuple of quantities, of a bound that is a formula"),
        ({"scales": ("breadth",)}, "names the unknown quantity 'breadth'"),
    ):
        with pytest.raises(DeclarationError, match=sentence):
            Registry().add(stated(norms, **{"at_most": "C/m", **wrong}))

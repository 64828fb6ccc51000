"""The registry: it refuses every declaration that cannot be right, in one sentence, and orders what the paper's proofs rest on."""

from __future__ import annotations

from typing import Any

import pytest

from theorems import registry as paper
from theorems.language.registry import Registry
from theorems.language.registry import statement as declare
from theorems.language.statement import Assumption, Bands, Constant, DeclarationError, FailureProbability, Statement, Variant
from theorems.language.subject import Comparison, Subject


def holds(subject: Subject) -> Comparison:
    raise NotImplementedError


def holds_with_constant(subject: Subject, C: float) -> Comparison:
    raise NotImplementedError


VARIANTS = (
    Variant("twice the truth", "constant", {"variance": 8.0}),
    Variant("another initialization", "initialization", {"variance": 4.0}),
)
SOUND: dict[str, Any] = {
    "id": "sound",
    "source": "Lemma 0",
    "claim": "1 <= 1",
    "kind": "identity",
    "measure": holds,
    "ranges": {"width": (1, 64), "depth": (1, 4)},
    "variants": VARIANTS,
}


def add(catalogue: Registry, **changes: Any) -> Statement:
    return catalogue.add(Statement(**{**SOUND, **changes}))


def test_a_sound_declaration_is_registered_under_its_id() -> None:
    catalogue = Registry()
    added = add(catalogue)
    assert [*catalogue] == [added]
    assert catalogue["sound"] is added
    assert len(catalogue) == 1
    assert "sound" in catalogue
    assert "unsound" not in catalogue


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no id": ({"id": ""}, "statement '' needs an id of lower-case words joined by hyphens"),
    "capitals": ({"id": "Forward-norm"}, "statement 'Forward-norm' needs an id of lower-case words joined by hyphens"),
    "spaces": ({"id": "forward norm"}, "statement 'forward norm' needs an id of lower-case words joined by hyphens"),
    "a path": ({"id": "../norm"}, "statement '../norm' needs an id of lower-case words joined by hyphens"),
    "trailing hyphen": ({"id": "norm-"}, "statement 'norm-' needs an id of lower-case words joined by hyphens"),
    "duplicate id": ({"id": "earlier"}, "statement 'earlier' is declared twice"),
    "missing dependency": ({"rests_on": ("earlier", "later")}, "statement 'sound' rests on 'later', which is not declared before it"),
    "nothing to sharpen": ({"sharpens": "later"}, "statement 'sound' sharpens 'later', which is not declared before it"),
    "itself": ({"rests_on": ("sound",)}, "statement 'sound' rests on 'sound', which is not declared before it"),
    "unknown range": (
        {"ranges": {"width": (1, 2), "breadth": (1, 2)}},
        "statement 'sound' names the unknown quantity 'breadth'; known: width, depth",
    ),
    "unknown range beyond": ({"beyond": {"breadth": (1, 2)}}, "statement 'sound' names the unknown quantity 'breadth'; known: "),
    "unknown exponent": ({"exponents": {"m": 0.5}}, "statement 'sound' names the unknown quantity 'm'; known: "),
    "unknown tight size": ({"tight": {"m": 3, "data": "arc"}}, "statement 'sound' names the unknown quantity 'm'; known: "),
    "unknown assumption": (
        {"assumptions": (Assumption("width", "m >= 1", "m", ">=", lambda i: 1.0),)},
        "statement 'sound' names the unknown quantity 'm'; known: ",
    ),
    "empty range": ({"ranges": {"width": (3, 2)}}, "statement 'sound' has an empty or infinite range for width: 3 to 2"),
    "range from zero": ({"ranges": {"width": (0, 2)}}, "statement 'sound' has an empty or infinite range for width: 0 to 2"),
    "range of nothing": ({"ranges": {"width": (1, float("nan"))}}, "statement 'sound' has an empty or infinite range for width: 1 to nan"),
    "empty range beyond": ({"beyond": {"depth": (5, 4)}}, "statement 'sound' has an empty or infinite range for depth: 5 to 4"),
    "infinite range": (
        {"ranges": {"width": (1, float("inf"))}},
        "statement 'sound' has an empty or infinite range for width: 1 to inf",
    ),
    "unknown engine": ({"engines": ("sparse",)}, "statement 'sound' names the unknown engine 'sparse'; known: vectors, exact law"),
    "exact law of another architecture": (
        {"engines": ("exact law", "dense"), "architecture": "residual"},
        "statement 'sound' on 'residual' networks names the engine 'exact law', which is the law of fully connected networks",
    ),
    "unknown kind": ({"kind": "guessed"}, "statement 'sound' is of the unknown kind 'guessed'; known: identity, derived, declared"),
    "unknown range of a variant": (
        {"variants": (VARIANTS[0], Variant("another", "claim", {"ranges": {"breadth": (1, 2)}}))},
        "statement 'sound' names the unknown quantity 'breadth'; known: ",
    ),
    "no width": ({"ranges": {"depth": (1, 4)}}, "statement 'sound' has no range for width"),
    "no variant": (
        {"variants": ()},
        "statement 'sound' needs at least two false variants: a checker that cannot fail is worth nothing",
    ),
    "one variant": (
        {"variants": VARIANTS[:1]},
        "statement 'sound' needs at least two false variants: a checker that cannot fail is worth nothing",
    ),
    "one kind of variant": (
        {"variants": (VARIANTS[0], Variant("thrice the truth", "constant", {"constants": {}}))},
        "statement 'sound' needs false variants of at least two different kinds",
    ),
    "one name for two variants": (
        {"variants": (VARIANTS[0], Variant("twice the truth", "initialization", {"variance": 3.0}))},
        "statement 'sound' has two false variants of one name",
    ),
    "a variant of no known field": (
        {"variants": (VARIANTS[0], Variant("another", "claim", {"varience": 3.0}))},
        "statement 'sound' has a false variant 'another' that changes ['varience']",
    ),
    "a variant of another id": (
        {"variants": (VARIANTS[0], Variant("another", "claim", {"id": "other"}))},
        "statement 'sound' has a false variant 'another' that changes ['id']",
    ),
    "a variant that changes nothing": (
        {"variants": (VARIANTS[0], Variant("another", "claim", {}))},
        "statement 'sound' has a false variant 'another' that changes nothing",
    ),
    "undeclared constant": (
        {"measure": holds_with_constant},
        "statement 'sound': field 'measure' is called with (subject): missing a required argument: 'C'",
    ),
    "a constant of a bare number": (
        {"measure": holds_with_constant, "constants": {"C": 1.0}},
        "statement 'sound': field 'constants': 'C' must be a Constant with a finite value, not 1.0",
    ),
    "constants without names": ({"constants": (1.0,)}, "statement 'sound': field 'constants' must be a dictionary by name, not (1.0,)"),
    "a constant that is not a number": (
        {"measure": holds_with_constant, "constants": {"C": Constant(float("nan"), "lost")}},
        "statement 'sound': field 'constants': 'C' must be a Constant with a finite value, not Constant(value=nan, provenance='lost'",
    ),
    "a table that lacks a band": (
        {
            "measure": holds_with_constant,
            "constants": {"C": Constant(1.0, "", bands=Bands("m", (8.0,)), values=(1.0,))},
        },
        "statement 'sound': field 'constants': 'C' must be a Constant with a finite value in each of increasing bands of sizes, not ",
    ),
    "bands of something that no instance has": (
        {
            "measure": holds_with_constant,
            "constants": {"C": Constant(1.0, "", bands=Bands("F", (8.0,)), values=(1.0, 1.0))},
        },
        "statement 'sound': field 'constants': 'C' must be a Constant with a finite value in each of increasing bands of sizes, not ",
    ),
    "a constant that is not measured with": (
        {"constants": {"C": Constant(1.0, "sharp")}},
        "statement 'sound': field 'measure' is called with (subject, C): got an unexpected keyword argument 'C'",
    ),
    "a variant's constant that is not measured with": (
        {"variants": (Variant("louder", "constant", {"constants": {"C": Constant(1.0, "false variant")}}), VARIANTS[1])},
        "statement 'sound': its false variant 'louder': field 'measure' is called with (subject, C): got an unexpected keyword",
    ),
    "a failure bound without the constants": (
        {
            "measure": holds_with_constant, "constants": {"C": Constant(1.0, "sharp")},
            "failure": FailureProbability("1/2", lambda instance: 0.5),
        },
        "statement 'sound': field 'failure' is called with (instance, C): got an unexpected keyword argument 'C'",
    ),
    "a failure that is no FailureProbability": (
        {"failure": 0.5},
        "statement 'sound': field 'failure' must be a FailureProbability(formula, function), not 0.5",
    ),
    "a measure that cannot be called": ({"measure": 1}, "statement 'sound': field 'measure' must be a function, not 1"),
    "one name in place of several": ({"data": "any"}, "statement 'sound': field 'data' must be a tuple of names, not 'any'"),
    "a range of three numbers": (
        {"ranges": {"width": (1, 2, 3)}},
        "statement 'sound': field 'ranges': 'width' must be a pair of numbers, lowest first, not (1, 2, 3)",
    ),
    "an assumption in words": ({"assumptions": ("m >= 1",)}, "statement 'sound': field 'assumptions' must be a tuple of Assumption, not ("),
    "no passes": ({"passes": 0}, "statement 'sound': field 'passes' must be a positive integer, not 0"),
    "a variance below zero": ({"variance": -2.0}, "statement 'sound': field 'variance' must be a positive number, not -2.0"),
}


@pytest.mark.parametrize(("changes", "sentence"), REFUSED.values(), ids=REFUSED.keys())
def test_refused_in_one_sentence(changes: dict[str, Any], sentence: str) -> None:
    catalogue = Registry()
    add(catalogue, id="earlier")
    with pytest.raises(DeclarationError) as refused:
        add(catalogue, **changes)
    assert str(refused.value).startswith(sentence)
    assert "\n" not in str(refused.value)
    assert len(catalogue) == 1, "a refused statement is not registered"


def test_a_declared_constant_may_be_measured_with() -> None:
    add(Registry(), measure=holds_with_constant, constants={"C": Constant(1.0, "sharp")})


@pytest.mark.parametrize(("changes", "word"), [({"colour": "blue"}, "colour"), ({"claim": None}, "claim")])
def test_the_decorator_refuses_unknown_and_missing_fields(changes: dict[str, Any], word: str) -> None:
    declaration = {name: value for name, value in {**SOUND, **changes}.items() if value is not None and name != "measure"}
    with pytest.raises(DeclarationError, match=rf"^statement 'sound': .*'{word}'"):
        declare(**declaration)(holds)
    assert "sound" not in paper


def test_a_removed_statement_can_be_declared_again() -> None:
    catalogue = Registry()
    add(catalogue)
    catalogue.remove("sound")
    catalogue.remove("never declared")
    add(catalogue)
    assert catalogue.position("sound") == 0


def test_foundations_are_transitive_and_earliest_first() -> None:
    catalogue = Registry()
    for name, rests_on in {"a": (), "b": ("a",), "c": (), "d": ("c", "b"), "e": ("d",)}.items():
        add(catalogue, id=name, rests_on=rests_on)
    assert [statement.id for statement in catalogue.foundations("e")] == ["a", "b", "c", "d"]
    assert [statement.id for statement in catalogue.foundations("b")] == ["a"]
    assert catalogue.foundations("a") == []
    assert [catalogue.position(name) for name in "abcde"] == [0, 1, 2, 3, 4]


def test_the_papers_statements_of_the_first_set_are_declared() -> None:
    first = {
        "gradient-formula", "relu-difference", "forward-norm", "operator-norm", "backward-norm", "separation", "gradient-upper",
        "gd-rate", "gd-radius",
    }  # fmt: skip
    assert first <= {statement.id for statement in paper}


@pytest.mark.parametrize("statement", paper, ids=lambda statement: statement.id)
def test_every_variant_differs_from_its_statement_where_it_says(statement: Statement) -> None:
    for declared in statement.variants:
        variant = statement.variant(declared.name)
        assert variant.variant_name == declared.name
        assert variant.id == statement.id
        assert all(getattr(variant, name) != getattr(statement, name) for name in declared.changes)
        assert set(variant.constants) >= set(statement.constants), "constants that a variant does not name keep their values"
        assert set(variant.ranges) >= set(statement.ranges)
    with pytest.raises(KeyError, match="has no false variant 'none such'"):
        statement.variant("none such")

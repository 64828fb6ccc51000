"""Formulas that differ in one exponent or one logarithm."""

from __future__ import annotations

import pytest

from theorems.language.formula import Formula
from theorems.language.mutation import mutations, written


def named(text: str, *also: str) -> dict[str, list[str]]:
    """What was changed, and the formulas."""
    found = mutations(Formula(text), also)
    return {f"{one.factor} {one.change}{' in ' + one.term if one.term else ''}": [str(f) for f, _ in one.choices] for one in found}


def test_every_exponent_and_every_logarithm_of_a_product() -> None:
    assert named("C sqrt(log(n m)/m) size", "m", "L") == {
        "m^(-1/2) dropped": ["C size sqrt(log(m n))"],
        "m^(-1/2) 1/6": ["C size sqrt(log(m n))/m^(2/3)", "C size sqrt(log(m n))/m^(1/3)"],
        "m^(-1/2) 1/3": ["C size sqrt(log(m n))/m^(5/6)", "C size sqrt(log(m n))/m^(1/6)"],
        "sqrt(log(m n)) dropped": ["C size/sqrt(m)"],
        "L^0 1/6": ["C size sqrt(log(m n))/(L^(1/6) sqrt(m))", "C L^(1/6) size sqrt(log(m n))/sqrt(m)"],
        "L^0 1/3": ["C size sqrt(log(m n))/(L^(1/3) sqrt(m))", "C L^(1/3) size sqrt(log(m n))/sqrt(m)"],
    }


def test_one_term_of_a_sum_at_a_time() -> None:
    assert named("C m + K n^2 m") == {
        "m dropped in C m": ["C + K m n^2"],
        "m 1/6 in C m": ["C m^(5/6) + K m n^2", "C m^(7/6) + K m n^2"],
        "m 1/3 in C m": ["C m^(2/3) + K m n^2", "C m^(4/3) + K m n^2"],
        "m dropped in K m n^2": ["C m + K n^2"],
        "m 1/6 in K m n^2": ["C m + K m^(5/6) n^2", "C m + K m^(7/6) n^2"],
        "m 1/3 in K m n^2": ["C m + K m^(2/3) n^2", "C m + K m^(4/3) n^2"],
        "n^2 dropped in K m n^2": ["C m + K m"],
        "n^2 1/6 in K m n^2": ["C m + K m n^(11/6)", "C m + K m n^(13/6)"],
        "n^2 1/3 in K m n^2": ["C m + K m n^(5/3)", "C m + K m n^(7/3)"],
    }


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("F (1 - c delta/n^2)^t", "F (-c delta + 1)^t"),  # under a power
        ("exp(-c m/L)", "exp(-c m)"),  # in an exponent
        ("max(m/2, m L)", "max(m/2, m)"),
        ("2 (L + 1) log(1/eps)", "4 log(1/eps)"),
        ("C n^6/delta^2 log(1/eps)", "C n^6/delta^2"),
        ("-C log(eps)", "C"),
    ],
)
def test_wherever_a_product_stands(text: str, changed: str) -> None:
    assert Formula(changed).expression in {one.expression for mutation in mutations(Formula(text)) for one, _ in mutation.choices}


def test_no_formula_comes_twice_and_the_formula_itself_never() -> None:
    text = "C L^(1/3) m + L^(1/6)"
    found = [one.expression for mutation in mutations(Formula(text), ("n",)) for one, _ in mutation.choices]
    assert len(found) == len(set(found))
    assert Formula(text).expression not in found
    assert named("C L^(1/3)")["L^(1/3) dropped"] == ["C"]
    assert named("C L^(1/3)")["L^(1/3) 1/3"] == ["C L^(2/3)"], "a third less is another name of dropped"


def test_constants_and_what_a_measure_gives_keep_their_powers() -> None:
    assert mutations(Formula("C^2 size sqrt(F)")) == []


@pytest.mark.parametrize("text", ["C sqrt(m/d)", "c/(L^(9/2) log(m)^3)", "min(m, 2 L)^(1/4) exp(-m/L)", "0.4 m eps^2/(L + 1)"])
def test_a_formula_is_written_in_words_that_are_read_as_the_same(text: str) -> None:
    assert written(Formula(text).expression).expression == Formula(text).expression

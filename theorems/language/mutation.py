"""Formulas that differ from one in a single exponent or a single logarithm, mechanically: nobody chooses which.

A formula is sums and products all the way down. Each product is a place of its own: a term of a sum, what stands under a power or in an
exponent, an argument of min and max. In a place the power x^a of one symbol of the instance is raised or lowered by 1/6 and by 1/3 or left
out, and each logarithm is left out. Which of two mutants claims more is not said here: that depends on the sizes.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

from theorems.language.formula import SYMBOLS, Formula

if TYPE_CHECKING:
    import sympy

Put = Callable[[Any], Any]  # from what is to stand in a place to the whole expression
STEPS = (Fraction(1, 6), Fraction(1, 3))


@dataclass(frozen=True)
class Mutation:
    """What became of a formula. factor: what was changed, `L^(5/2)`; change: `1/6` (the step), or `dropped`. term: the product that it
    stands in, where the formula has several.

    symbol, claimed: of an exponent. choices: the formula, and the new exponent; two where it may go either way.
    """

    kind: Literal["exponent", "logarithm"]
    factor: str
    change: str
    choices: tuple[tuple[Formula, float], ...]
    term: str = ""
    symbol: str = ""
    claimed: float = 0.0


def mutations(formula: Formula, also: tuple[str, ...] = ()) -> list[Mutation]:
    """All mutations, no two of them the same formula, none of them the formula itself. also: symbols whose exponent 0 is claimed too."""
    known = {formula.expression}
    found = []
    for mutation in _mutations(formula.expression, also):
        choices = tuple((one, power) for one, power in mutation.choices if one.expression not in known)
        known.update(one.expression for one, _ in choices)
        if choices:
            found.append(dataclasses.replace(mutation, choices=choices))
    return found


def written(expression: sympy.Expr) -> Formula:
    """A formula in this language's own words."""
    import sympy

    text = sympy.sstr(expression, full_prec=False)
    for python, ours in (("**", "^"), ("*", " "), ("Min(", "min("), ("Max(", "max(")):
        text = text.replace(python, ours)
    return Formula(text)


def _mutations(expression: sympy.Expr, also: tuple[str, ...]) -> Iterator[Mutation]:
    import sympy

    def powers(symbol: Any, power: Any, put: Put, term: str = "") -> Iterator[Mutation]:
        factor = _power(symbol.name, Fraction(power.p, power.q) if power.is_Rational else Fraction(float(power)).limit_denominator(60))
        if power != 0:  # first, for x^(1/3) less 1/3 is x^0 by another name
            yield Mutation("exponent", factor, "dropped", ((written(put(symbol**-power)), 0.0),), term, symbol.name, float(power))
        for step in STEPS:
            shifts = [sympy.Rational(sign * step.numerator, step.denominator) for sign in (-1, 1)]
            choices = tuple((written(put(symbol**shift)), float(power + shift)) for shift in shifts)
            yield Mutation("exponent", factor, str(step), choices, term, symbol.name, float(power))

    def times(product: Any, put: Put) -> Put:
        return lambda factor: put(product * factor)

    def itself(new: Any) -> Any:
        return new

    places = list(_places(expression, itself))
    several = sum(bool(product.free_symbols) for product, _ in places if not isinstance(product, sympy.Symbol)) > 1
    for product, put in places:
        term = written(product).text if several else ""
        for factor in sympy.ordered(sympy.Mul.make_args(product)):
            base, power = factor.as_base_exp()
            if base.is_Symbol and base.name in SYMBOLS and power.is_Number:
                yield from powers(base, power, times(product, put), term)
            elif isinstance(_without_sign(base), sympy.log):
                rest = product / factor
                # -log(eps) is positive, and so is what is left of it
                signs = (rest, -rest) if rest.could_extract_minus_sign() else (rest,)
                yield Mutation("logarithm", written(factor).text, "dropped", tuple((written(put(one)), 0.0) for one in signs), term)
    held = {symbol.name for symbol in expression.free_symbols}
    for name in also:
        if name not in held:
            yield from powers(sympy.Symbol(name, positive=True), sympy.Integer(0), times(expression, itself))


def _places(expression: Any, put: Put) -> Iterator[tuple[Any, Put]]:
    """Each product in an expression, with the function that puts another in its place."""
    import sympy

    def within(part: Any, around: Put) -> Iterator[tuple[Any, Put]]:
        return _places(part, lambda new: put(around(new)))

    def among(others: list[Any]) -> Put:
        return lambda new: expression.func(new, *others)

    def under(rest: Any, power: Any) -> Put:
        return lambda new: rest * new**power

    def above(rest: Any, base: Any) -> Put:
        return lambda new: rest * base**new

    if isinstance(expression, sympy.Add | sympy.Min | sympy.Max):
        for part in sympy.ordered(expression.args):
            yield from within(part, among([other for other in expression.args if other is not part]))
        return
    yield expression, put
    for factor in sympy.ordered(sympy.Mul.make_args(expression)):
        base, power = factor.as_base_exp()
        rest = expression / factor
        if not (base.is_Atom or isinstance(base, sympy.log)):
            yield from within(base, under(rest, power))
        if not power.is_number:
            yield from within(power, above(rest, base))


def _without_sign(base: Any) -> Any:
    return -base if base.could_extract_minus_sign() else base


def _power(name: str, power: Fraction) -> str:
    """`L^(5/2)`, `m`, `d^(-1)`."""
    if power == 1:
        return name
    return f"{name}^{power}" if power.denominator == 1 and power >= 0 else f"{name}^({power})"

"""A bound as the paper writes it, `C L^(5/2) omega sqrt(log(m))`. From it follow number, LaTeX, exponents.

Symbols are those of QUANTITIES (m, L, n, d, delta, omega, ...), the constants that a statement declares (C, c, ...), and what a measure
gives beside its side (F, size, ...). A product is written by a space, a power by ^, and log, sqrt, exp, min, max are functions. Sympy reads
it when the first question is asked, so that a formula costs nothing where nobody asks.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import TYPE_CHECKING, Any

from theorems.language.instance import QUANTITIES, Instance

if TYPE_CHECKING:
    import sympy

SYMBOLS = {symbol: name for name, (symbol, _) in QUANTITIES.items()}
FUNCTIONS = ("log", "sqrt", "exp", "min", "max")
_FRACTION = re.compile(r"(?<![A-Za-z_0-9])\((\d+)/(\d+)\)")  # not the argument of a function
_SUBSCRIPTED = re.compile(r"([A-Za-z]+)(?:_?([0-9]+)|_([A-Za-z]+))")
_SUBSCRIPTS = {"inf": r"\infty", "min": r"\min", "max": r"\max"}
_NAME = re.compile(r"[A-Za-z_][A-Za-z_0-9]*")
_LETTERS = ("alpha", "beta", "gamma", "delta", "omega", "eta", "tau", "lambda", "mu", "nu", "kappa", "sigma", "zeta", "ell", "Gamma")
_GREEK = {"eps": r"\varepsilon", "d_in": r"d_{\mathrm{in}}", **{name: f"\\{name}" for name in _LETTERS}}


class FormulaError(ValueError):
    """A formula that cannot be read, or that speaks of what is not there."""


@dataclass(frozen=True)
class Formula:
    """An expression in the symbols of an instance, of constants and of what a measure gives. Two formulas of one text are equal."""

    text: str

    def __str__(self) -> str:
        return self.text

    @property
    def names(self) -> frozenset[str]:
        """The symbols in it; needs no sympy, so a declaration can be checked when it is made."""
        return frozenset(_NAME.findall(self.text)) - set(FUNCTIONS)

    @cached_property
    def expression(self) -> sympy.Expr:
        """The expression, all symbols positive: then sqrt(m/d) is sqrt(m)/sqrt(d)."""
        return self._parsed(evaluate=True)

    def _parsed(self, *, evaluate: bool) -> sympy.Expr:
        import sympy
        from sympy.parsing import sympy_parser as parser

        known: dict[str, Any] = {name: sympy.Symbol(name, positive=True) for name in self.names}
        known |= {"log": sympy.log, "sqrt": sympy.sqrt, "exp": sympy.exp, "min": sympy.Min, "max": sympy.Max}
        rules = (*parser.standard_transformations, parser.convert_xor, _products)
        text = _FRACTION.sub(r"Rational(\1, \2)", self.text)  # one number also where nothing is evaluated
        try:
            read = parser.parse_expr(text, local_dict=known, global_dict=_numbers(), transformations=rules, evaluate=evaluate)
        except Exception as error:  # sympy's parser raises whatever Python's does
            hint = "a product is `C m`, a power `L^(5/2)`, a logarithm `log(m)`"
            raise FormulaError(f"the formula {self.text!r} cannot be read: {hint}") from error
        if not isinstance(read, sympy.Expr):
            raise FormulaError(f"the formula {self.text!r} is no expression")
        return read

    @cached_property
    def _function(self) -> tuple[tuple[str, ...], Callable[..., Any]]:
        import sympy

        names = tuple(sorted(self.names))
        functions = {"log": _log, "sqrt": _sqrt, "exp": _exp, "Min": _min, "Max": _max}
        return names, sympy.lambdify([sympy.Symbol(name, positive=True) for name in names], self.expression, [functions, "math"])

    def __call__(self, instance: Instance, **values: Any) -> Any:
        """The number at an instance; values: constants and what a measure gives, numbers or tensors, which then broadcast.

        A value named like a symbol of the instance, `omega`, stands for it. Raises FormulaError for a symbol that nobody gives.
        """
        names, function = self._function
        try:
            return function(*(values[name] if name in values else float(getattr(instance, SYMBOLS[name])) for name in names))
        except KeyError as error:
            raise FormulaError(f"the formula {self.text!r} speaks of {error.args[0]!r}, which nothing gives") from error

    def without_logarithms(self, of: str = "") -> Formula:
        """The formula with every logarithm, or every one of that symbol, 1: what is left of it up to logarithmic factors."""
        import sympy

        logs = [one for one in self.expression.atoms(sympy.log) if not of or of in map(str, one.free_symbols)]
        written = str(self.expression.xreplace(dict.fromkeys(logs, sympy.Integer(1))))
        return Formula(re.sub("Max|Min", lambda name: name[0].lower(), written).replace("**", "^"))

    def latex(self) -> str:
        """The formula as LaTeX, its factors in the order in which they are written."""
        import sympy
        from sympy.printing.latex import LatexPrinter

        class Printer(LatexPrinter):  # type: ignore[misc]
            def _print_log(self, expr: Any, exp: Any = None) -> str:
                inner = expr.args[0]
                argument = self._print(inner) if inner.is_Symbol else f"({self._print(inner)})"
                return rf"\log^{{{exp}}} {argument}" if exp is not None else rf"\log {argument}"

            def _print_Mul(self, expr: Any) -> str:
                if expr.is_Mul and expr.args[0] == 1:  # 1/p is read as 1 times a power
                    expr = sympy.Mul(*expr.args[1:], evaluate=False)
                return str(super()._print_Mul(expr))

        written = self._parsed(evaluate=False)  # in the order in which the paper has it
        names = {symbol: _in_latex(symbol.name) for symbol in written.free_symbols}
        text = str(Printer({"symbol_names": names, "fold_frac_powers": True, "order": "none"}).doprint(written))
        return text.replace(r"\left(-1\right) ", "- ")  # of -m, a product with -1 where nothing is evaluated

    def with_definitions(self, definitions: Mapping[str, str]) -> Formula:
        """The formula with each of these names written out."""
        return Formula(_NAME.sub(lambda name: f"({definitions[name[0]]})" if name[0] in definitions else name[0], self.text))

    def proportional_to(self, symbols: Collection[str]) -> bool:
        """Whether it doubles where all of these symbols double."""
        import sympy

        factor = sympy.Dummy(positive=True)
        scaled = self.expression.subs({(one := sympy.Symbol(name, positive=True)): factor * one for name in symbols}, simultaneous=True)
        return bool(sympy.simplify(scaled / self.expression) == factor)

    @cached_property
    def terms(self) -> tuple[sympy.Expr, ...]:
        """What it is a sum of, in the order in which it is written; one term where it is no sum."""
        import sympy

        found = tuple(sympy.Add.make_args(self.expression))
        if len(found) == 1:
            return found
        written = [Formula(part).expression for part in _split(self.text)]
        return tuple(written) if set(written) == set(found) else found

    def exponent(self, symbol: str, term: int = 0) -> float:
        """The power of a symbol in a term: the log-derivative with every logarithm held fixed, which grows slower than any power."""
        import sympy

        expression, variable = self.terms[term], sympy.Symbol(symbol, positive=True)
        logs = {log: sympy.Dummy(positive=True) for log in expression.atoms(sympy.log)}
        held = expression.xreplace(logs)
        power = sympy.limit(sympy.simplify(variable * sympy.diff(held, variable) / held), variable, sympy.oo)
        if not (power.is_number and power.is_finite):
            raise FormulaError(f"the formula {self.text!r} is no power of {symbol}")
        return float(power)


def _max(*values: Any) -> Any:
    return reduce(lambda a, b: b.clamp(min=a) if hasattr(b, "clamp") else a.clamp(min=b) if hasattr(a, "clamp") else max(a, b), values)


def _min(*values: Any) -> Any:
    return -_max(*(-value for value in values))


def _in_latex(name: str) -> str:
    """`omega` as a Greek letter, `lambda0`, `lambda_min` and `r_0` with a subscript, other words upright."""
    parts = _SUBSCRIPTED.fullmatch(name)
    if name not in _GREEK and parts and (parts[1] in _GREEK or len(parts[1]) == 1 or parts[3]):
        below = parts[2] or _SUBSCRIPTS.get(parts[3], _in_latex(parts[3]))
        return f"{_in_latex(parts[1])}_{{{below}}}"
    return _GREEK.get(name, name if len(name) == 1 else rf"\mathrm{{{name.replace('_', ' ')}}}")


def _split(text: str) -> list[str]:
    """The summands of a text, those of parentheses left alone."""
    parts, depth, start = [], 0, 0
    for place, letter in enumerate(text):
        depth += (letter in "([{") - (letter in ")]}")
        if letter == "+" and depth == 0:
            parts.append(text[start:place])
            start = place + 1
    return [*parts, text[start:]]


def _numbers() -> dict[str, Any]:
    """What the parser's own output names, and nothing else of Python's."""
    import sympy

    return {name: getattr(sympy, name) for name in ("Integer", "Float", "Rational", "Symbol", "Add", "Mul", "Pow")} | {"__builtins__": {}}


def _products(tokens: list[tuple[int, str]], local_dict: Any, global_dict: Any) -> list[tuple[int, str]]:
    """Two factors side by side are a product, `C m`, `2 (L + 1)`, `n sqrt(m)`; but a function stands before its argument."""
    from tokenize import NAME, NUMBER, OP

    functions = {*FUNCTIONS, "Integer", "Float", "Rational", "Symbol"}  # the parser has written numbers as calls by now
    result: list[tuple[int, str]] = []
    for kind, value in tokens:
        before, last = result[-1] if result else (OP, "")
        if (last == ")" or (before in (NAME, NUMBER) and last not in functions)) and (value == "(" or kind in (NAME, NUMBER)):
            result.append((OP, "*"))
        result.append((kind, value))
    return result


def _log(x: Any) -> Any:
    return x.log() if hasattr(x, "log") else math.log(x)


def _sqrt(x: Any) -> Any:
    return x.sqrt() if hasattr(x, "sqrt") else math.sqrt(x)


def _exp(x: Any) -> Any:
    return x.exp() if hasattr(x, "exp") else math.exp(x)

"""Formulas: the number, the LaTeX and the exponents that one text gives."""

from __future__ import annotations

import math
import subprocess
import sys

import pytest
import torch

from theorems.language.formula import Formula, FormulaError
from theorems.language.instance import Instance

INSTANCE = Instance(width=1024, depth=3, samples=4, outputs=2, radius=1e-3, separation=0.5, sparsity=7)
M, L, N, D, OMEGA, DELTA = 1024, 3, 4, 2, 1e-3, 0.5


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("C L^(5/2) omega sqrt(log(m))", 2 * L**2.5 * OMEGA * math.sqrt(math.log(M))),
        ("C m omega^(2/3) L", 2 * M * OMEGA ** (2 / 3) * L),
        ("c delta^(3/2)/(n^(9/2) L^6 log(m)^3)", 0.5 * DELTA**1.5 / (N**4.5 * L**6 * math.log(M) ** 3)),
        ("sqrt(3.3 (L + 1) log(8n)/m)", math.sqrt(3.3 * (L + 1) * math.log(8 * N) / M)),
        ("n^2 exp(-c m/(L + 1))", N**2 * math.exp(-0.5 * M / (L + 1))),
        ("L log(m) max(1, d/log(m))", L * math.log(M)),
        ("C sqrt(s log(m)/m)", 2 * math.sqrt(7 * math.log(M) / M)),
        ("1 - c n (L + 1)", 1 - 0.5 * N * (L + 1)),
        ("delta/2", DELTA / 2),
    ],
)
def test_the_number_is_that_of_the_formula_by_hand(text: str, value: float) -> None:
    # a handful of roundings on either side
    assert Formula(text)(INSTANCE, C=2.0, c=0.5) == pytest.approx(value, rel=1e-14)


def test_what_a_measure_gives_may_be_a_tensor_and_may_stand_for_a_size() -> None:
    losses = torch.tensor([1.0, 4.0], dtype=torch.float64)
    found = Formula("C sqrt(n F) omega^(1/3)")(INSTANCE, C=2.0, F=losses, omega=8.0)
    assert torch.allclose(found, 2 * 2 * losses.sqrt() * 2, rtol=1e-15, atol=0)


def test_the_larger_and_the_smaller_of_numbers_and_tensors() -> None:
    some = torch.tensor([-1.0, 0.5, 3.0], dtype=torch.float64)
    assert Formula("max(1 - x, 0)")(INSTANCE, x=some).tolist() == [2.0, 0.5, 0.0]
    assert Formula("min(x, 1)")(INSTANCE, x=some).tolist() == [-1.0, 0.5, 1.0]
    assert Formula("max(x, y, 1)")(INSTANCE, x=some, y=some.flip(0)).tolist() == [3.0, 1.0, 3.0]
    assert (Formula("max(1 - x, 0)")(INSTANCE, x=3.0), Formula("min(x, 1)")(INSTANCE, x=3.0)) == (0.0, 1.0)


def test_logarithms_are_left_out_and_nothing_else() -> None:
    found = Formula("m n^24 L^12 log(m)^5 d/delta^8").without_logarithms()
    assert found(INSTANCE) == pytest.approx(M * N**24 * L**12 * D / DELTA**8, rel=1e-14)
    assert found.names == {"m", "n", "L", "d", "delta"}


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("C L^(5/2) omega sqrt(log(m))", r"C L^{5/2} \omega \sqrt{\log m}"),
        ("c delta^(3/2)/(n^(9/2) L^6 log(m)^3)", r"\frac{c \delta^{3/2}}{n^{9/2} L^{6} \log^{3} m}"),
        ("sqrt(P q m/d)", r"\sqrt{\frac{P q m}{d}}"),
        ("C sqrt(m) + c", r"C \sqrt{m} + c"),
        ("C (log(1/p)/m)^(1/4)", r"C \sqrt[4]{\frac{\log (\frac{1}{p})}{m}}"),
        ("1/(L log(m))", r"\frac{1}{L \log m}"),
        ("C tau_l^2 mu F_0 d_in", r"C \tau_{l}^{2} \mu F_{0} d_{\mathrm{in}}"),
        ("lambda0 r_0/(lambda_R p_R kappa)", r"\frac{\lambda_{0} r_{0}}{\lambda_{R} p_{R} \kappa}"),
        ("size d_in", r"\mathrm{size} d_{\mathrm{in}}"),
    ],
)
def test_latex_keeps_the_order_of_the_paper(text: str, latex: str) -> None:
    assert Formula(text).latex() == latex


def test_exponents_are_powers_with_logarithms_held_fixed() -> None:
    found = Formula("C sqrt(n F) omega^(1/3) L^2 sqrt(m log(m)/d) size + C n L^2 (m/d) size^2")
    first = {symbol: found.exponent(symbol) for symbol in ("omega", "L", "m", "d", "n", "delta")}
    assert first == pytest.approx({"omega": 1 / 3, "L": 2, "m": 1 / 2, "d": -1 / 2, "n": 1 / 2, "delta": 0})
    assert [found.exponent(symbol, term=1) for symbol in ("omega", "L", "m", "n", "size")] == pytest.approx([0, 2, 1, 1, 2])
    # lower orders do not count: n (L + 1) grows like L
    assert Formula("n (L + 1)").exponent("L") == 1
    with pytest.raises(FormulaError, match="is no power of s"):
        Formula("exp(-c s)").exponent("s")


@pytest.mark.parametrize("text", ["C m)", "C ^", "", "m <= n", "C m; n", "__import__('os')"])
def test_what_is_no_formula_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(FormulaError, match="formula"):
        Formula(text)(INSTANCE, C=1.0)


def test_a_symbol_that_nobody_gives_is_named() -> None:
    with pytest.raises(FormulaError, match="'F', which nothing gives"):
        Formula("C sqrt(F)")(INSTANCE, C=1.0)


def test_names_need_no_sympy() -> None:
    code = "import sys; from theorems.language.formula import Formula; print(sorted(Formula('C m log(n)').names), 'sympy' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "['C', 'm', 'n'] False"


def test_a_fraction_may_be_the_argument_of_a_function() -> None:
    assert Formula("exp(1/5) m^(1/2)")(Instance(width=4)) == pytest.approx(2 * math.exp(0.2))

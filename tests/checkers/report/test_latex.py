"""Claims as LaTeX: what stands on a board in the letters of a keyboard is typeset, and words stay words."""

from __future__ import annotations

import pytest

from checkers.report.latex import LONGEST, display, inline, lines_of, typeset, well_formed
from theorems import registry

CASES = {
    "‖W_b‖_2 <= C sqrt(L) for all a != b": r"\Vert W_{b}\Vert _{2} \le C \sqrt{L}\text{ for all }a \ne b",
    "h_{i,l}^T": "h_{i,l}^{T}",
    "omega^(2/3) L": r"\omega ^{2/3} L",
    "g~_l - g_l": r"\tilde g_{l} - g_{l}",
    "Back~_a": r"\widetilde{\text{Back}}_{a}",
    "kappa sqrt 2": r"\kappa \sqrt{2}",
    "lambda_min and lambda0/4": r"\lambda _{\min }\text{ and }\lambda _{0}/4",
    "H_inf,ij": r"H_{\infty ,ij}",
    "<grad f(W), W'>": r"\langle \nabla f(W), W'\rangle",
    "min_{s<t} F(s)": r"\min _{s\lt t} F(s)",
    "#{r: |w_r . x_i| <= omega}": r"\# \lbrace r: \vert w_{r} \cdot x_{i}\vert \le \omega \rbrace",
    "sum_{a=1..l} W_a ... W_1": r"\sum _{a=1,\ldots,l} W_{a} \cdots W_{1}",
    "100% at m_1": r"100\% \text{ at }m_{1}",
    "sqrt(m": r"\sqrt{m}",
    "": "",
}  # fmt: skip


@pytest.mark.parametrize(("sentence", "latex"), CASES.items())
def test_a_sentence_is_typeset(sentence: str, latex: str) -> None:
    assert typeset(sentence) == latex


@pytest.mark.parametrize("statement", registry, ids=lambda one: one.id)
def test_lines_of_a_claim_are_the_claim(statement: object) -> None:
    sentence = registry[statement.id].sentence  # type: ignore[attr-defined]
    lines = lines_of(sentence)
    assert " ".join(lines) == sentence
    assert all(line.count("(") == line.count(")") and line.count("{") == line.count("}") for line in lines)
    assert sum(len(line) > 2 * LONGEST for line in lines) == 0


@pytest.mark.parametrize(
    ("sentence", "accepted"),
    [("x^2^3", False), ("x_i_j", False), ("x_{i_1}_j", False), ("x_i^2", True), ("x_i y_j", True)],
)
def test_what_latex_would_refuse_is_not_shown_as_a_formula(sentence: str, accepted: bool) -> None:
    assert well_formed(typeset(sentence)) is accepted


@pytest.mark.parametrize("statement", registry, ids=lambda one: one.id)
def test_every_claim_is_accepted(statement: object) -> None:
    assert well_formed(typeset(registry[statement.id].sentence))  # type: ignore[attr-defined]


def test_several_lines_are_aligned_and_one_is_not() -> None:
    assert display("a") == "```math\na\n```"
    assert display("a", "b") == "```math\n\\begin{aligned}\n& a \\\\\n& b\n\\end{aligned}\n```"
    assert "|" not in inline("|x|")

"""What the papers on deep networks in this setting ask of a data set, hidden constants 1."""

from __future__ import annotations

from theorems.allen_zhu.convergence import PAPER_WIDTH
from theorems.language.requirement import quoted, requirement
from theorems.language.statement import FIRST_THEORY
from theorems.laws.data_predicates import CLOSE, CONSTANT, DISTINCT

ALL_HIDDEN = "W_1..W_L"
ZOU_GU_WIDTH = "n^8 L^12/delta^4"  # times d, the number of outputs

requirement(
    id="allen-zhu",
    theory=FIRST_THEORY,
    name="Allen-Zhu et al.",
    source="arXiv:1811.03962v5, Theorem 1",
    trained=ALL_HIDDEN,
    standing="printed",
    assumes=(DISTINCT, CONSTANT, CLOSE),
    width=str(PAPER_WIDTH.bound),
    steps="n^6 L^2 log(1/eps)/delta^2",
)
requirement(
    id="allen-zhu-first",
    theory=FIRST_THEORY,
    name="Allen-Zhu et al., first versions",
    source="as quoted in arXiv:1811.03804, page 2",
    trained=ALL_HIDDEN,
    standing="printed",
    assumes=(DISTINCT, CONSTANT, CLOSE),
    width="n^30 L^30 log(1/eps)^2",
    steps="n^6 L^2 log(1/eps)",
    note="powers of 1/delta are left out in the quotation",
)
requirement(
    id="zou-gu",
    theory=FIRST_THEORY,
    name="Zou, Gu",
    source="2019, with the logarithms left out",
    trained="all hidden layers",
    standing="printed",
    assumes=(DISTINCT, CONSTANT),
    width=f"d {ZOU_GU_WIDTH}",
)

quoted(
    source="Zou, Cao, Zhou, Gu 2018 (arXiv:1811.08888)",
    assumes="separation only between inputs of different labels",
    width="a polynomial, perturbation radius n^-9 L^-17 phi^3",
    why="the polynomial is not printed as one",
)
quoted(
    source="Du, Lee, Li, Wang, Zhai 2018 (arXiv:1811.03804), deep networks",
    assumes="lambda_min of its kernel K^(H) > 0, smooth analytic activation",
    width="2^{O(H)} max(n^4/lmin^4, n/p, n^2 log(H n/p)/lmin^2); ResNet"
    " max(n^4/(lmin^4 H^6), n^2/(lmin^2 H^2), n/p, n^2 log(H n/p)/lmin^2)",
    why="its kernel is that of a smooth activation, and 2^{O(H)} hides a constant in the exponent",
)
quoted(
    source="Cao, Gu 2019 (arXiv:1902.01384)",
    assumes="a margin gamma of a class of random features",
    width="poly(2^L, 1/gamma) max(d, eps^-14) log(1/p)",
    why="gamma follows from neither delta nor lambda0",
)
quoted(
    source="Cao, Gu 2019 (arXiv:1905.13210), one pass of SGD",
    assumes="y^T Theta^-1 y small",
    width="poly(R, L) n^7 log(1/p)",
    why="about one pass over fresh samples, not about fitting these",
)
quoted(
    source="Oymak, Soltanolkotabi 2019; Song, Yang 2019",
    assumes="lambda0 > 0, well-spread data",
    width="n^2 for well-spread data; n^4/lambda0^4 up to logarithms",
    why="known to us second hand",
)
quoted(
    source="Nguyen, Mondelli 2020",
    assumes="pyramidal network with one wide layer, smooth activation, conditions on the data matrix",
    width="n with a special initialization, n^2 with the usual ones",
    why="known to us from the abstract",
)

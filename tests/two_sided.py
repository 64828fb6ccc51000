"""A lemma whose function measures both sides; tests of mistakes in a lemma change it."""

import math

from lemmafuzz import Comparison, Constant, FailureProbability, Variant, statement


@statement(
    id="loudest-neuron",
    source="tests/two_sided.py",
    claim="h_{i,L} has no entry above C (log(nm))^p/sqrt(m) ‖h_{i,L-1}‖, p = 1/2, for all i",
    kind="derived",
    ranges={"width": (16, 4096), "depth": (1, 8), "samples": (1, 6), "input_dimension": (2, 8), "separation": (0.01, 1.0)},
    failure=FailureProbability("(nm)^{1 - C^2/4}", lambda i, C, p: (i.samples * i.width) ** (1 - C**2 / 4)),
    constants={
        "C": Constant(3.0, "given h_{L-1}, each g_k is N(0, 2‖h_{L-1}‖^2/m); a union over the nm of them"),
        "p": Constant(0.5, "the exponent of a Gaussian maximum"),
    },
    exact=True,
    variants=(
        Variant("log(nm) dropped", "exponent", {"constants": {"p": Constant(0.0, "false variant")}}),
        Variant("initialization variance 8/m", "initialization", {"variance": 8.0}),
    ),
)
def loudest_neuron(subject, C, p):  # type: ignore[no-untyped-def]
    m, L, n = subject.instance.width, subject.instance.depth, subject.instance.samples
    largest, size = subject.activations(L).amax(-1), subject.norms()[..., L - 1]  # (trials, samples)
    return Comparison(largest, size * C * math.log(n * m) ** p / math.sqrt(m), axes=("sample",), rounding=subject.rounding)

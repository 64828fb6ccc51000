"""A statement of one's own: no neuron of a random ReLU network is much louder than the average one."""

from lemmafuzz import Constant, Side, Variant, probability, statement


@statement(
    id="loudest-neuron",
    source="docs/own-statement.md",
    claim="h_{i,L} has no entry above {bound} for all i, where size = ‖h_{i,L-1}‖",
    kind="derived",
    at_most="C sqrt(log(n m)/m) size",
    scales=("width", "depth"),
    failure=probability("(n m)^(1 - C^2/4)"),
    constants={"C": Constant(3.0, "given h_{L-1}, each g_k is N(0, 2‖h_{L-1}‖^2/m); a union over the nm of them")},
    ranges={"width": (16, 4096), "depth": (1, 8), "samples": (1, 6), "input_dimension": (2, 8), "separation": (0.01, 1.0)},
    exact=True,
    variants=(
        Variant("log(nm) dropped", "exponent", {"at_most": "C size/sqrt(m)"}),
        Variant("initialization variance 8/m", "initialization", {"variance": 8.0}),
    ),
)
def loudest_neuron(subject):
    largest = subject.activations(subject.instance.depth).amax(-1)  # (trials, samples)
    return Side(largest, axes=("sample",), rounding=subject.rounding, given={"size": subject.norms()[..., -2]})

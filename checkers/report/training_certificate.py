"""Certificates of training in words."""

from __future__ import annotations

import math

from checkers.records.training_certificates import CertifiedRun, CertifiedTraining, CertifiedWidth, Promise
from checkers.report.text import number, table
from checkers.report.training import landmarks


def heading(found: CertifiedTraining) -> str:
    """What was asked about which network."""
    trained = ("first layer", "one hidden layer after the first")[found.layers] if found.layers < 2 else f"all {found.layers} hidden layers"
    layer = f"{found.activation}, {'both layers' if found.both_layers else trained} trained"
    network = f"the weights of {found.model}" if found.model else f"W(0) drawn with seed {found.seed}"
    return (
        f"{found.data}: n = {found.samples}, {found.dimension} columns, labels {found.labels}"
        f"\nm = {number(found.certificate.width)}, {network}; {layer}, squared loss"
    )


def proof_table(found: CertifiedTraining, style: str = "simple") -> str:
    """What is proved of W(0), and what gradient descent and gradient flow are promised."""
    one = found.certificate
    rows = [
        ["lambda_min(H(0)), at least", number(one.floor, 4), ""],
        ["lambda_max(H(0)), at most", number(one.top, 4), ""],
        ["‖y - u(0)‖, at most", number(one.residual, 4), ""],
        ["‖X‖, at most", number(one.data_norm, 4), ""],
        ["", "gradient descent", "gradient flow"],
        ["depth, certified from 1 on", number(one.descent.depth), number(one.flow.depth)],
        *_promised(found.per_neuron, one.descent, one.flow),
        *([["a norm of weights not seen whole fails with probability", f"{one.failure:.0e}", ""]] if one.failure else []),
    ]
    return table([f"in ball arithmetic, {one.bits} bits", "", ""], rows, style)


def _promised(per_neuron: bool, *promises: Promise) -> list[list[str]]:
    """Of descent and of flow, which has no step size; nothing where neither is certified."""
    if not any(one.certified for one in promises):
        return []
    parts = {
        "step size eta": [one.step_size or math.nan for one in promises],
        "rate lambda": [one.rate for one in promises],
        "no neuron moves farther than" if per_neuron else "‖W - W(0)‖_F, at most": [one.radius for one in promises],
    }
    rows = {name: zip(values, promises, strict=True) for name, values in parts.items()}
    return [[name, *(number(value if one.certified else None, 4) for value, one in row)] for name, row in rows.items()]


def local_table(found: CertifiedTraining, style: str = "simple") -> str:
    """What the theory of local Jacobians says of a deep network; empty where it was not asked."""
    local = found.local
    if local is None:
        return ""

    def width(depth: float) -> str:
        return number(found.certificate.width / depth**2, 2) if depth > 0 else "-"

    rows = [
        ["alpha, beta: singular values of J(0)", f"{number(local.alpha)}, {number(local.beta)}", ""],
        ["radius of its ball, 4 r_0/alpha", number(local.radius), ""],
        ["J may change there by alpha^2/(2 beta)", number(local.allowed), ""],
        ["an adversary changes it by", number(local.attacked), ""],
        ["no change exceeds", number(local.bounded), ""],
        ["depth, at least", number(local.depth), number(local.flow_depth)],
        ["depth, at most", "", number(local.flow_most) if math.isfinite(local.flow_most) else "-"],
        ["width that would do, about", width(local.depth), width(local.flow_depth)],
        ["speaks of this network", local.theorem, local.flow],
    ]
    return table(["local Jacobians, any path in a ball", "Theorem 2.1", "flow"], rows, style)


def search_table(search: CertifiedWidth, style: str = "simple") -> str:
    """Widths that were tried, ascending."""
    tried = sorted(search.tried, key=lambda one: one.width)
    rows = [[number(one.width), number(one.depth), "yes" if one.depth >= 1 else "no"] for one in tried]
    return table(["m", "depth", "certified"], rows, style)


def run_table(run: CertifiedRun, per_neuron: bool, style: str = "simple") -> str:
    """The run beside its promise, at round steps."""
    distance = "farthest neuron" if per_neuron else "‖W - W(0)‖_F"
    rows = [
        [f"{k:,}", number(run.residual[k], 4), number(run.allowed[k], 4), number(run.farthest[k], 4), number(run.radius, 4)]
        for k in landmarks(run.steps)
    ]
    return table(["step", "‖y - u‖", "promised", distance, "promised"], rows, style)


def certificate_closing(found: CertifiedTraining) -> str:
    """The verdict, and what follows from it."""
    one, promise = found.certificate, found.certificate.descent
    if not one.certified:
        return f"NOT CERTIFIED: {_short_of_it(found)}"
    factor = promise.step_size * promise.rate
    halved = math.ceil(math.log(1000) / 2 / -math.log1p(-factor)) if factor < 1 else 1
    radius = f"no neuron ever moves farther than {number(promise.radius)}"
    if not found.per_neuron:
        radius = f"‖W - W(0)‖_F never exceeds {number(promise.radius)}"
    words = (
        f"CERTIFIED: every step multiplies ‖y - u‖ by 1 - {number(factor)} at most, so {halved:,} steps bring the loss to a thousandth,"
        f" and {radius}"
    )
    if found.search is not None:
        words += f"\nm = {number(found.search.width)} is the least certified width found, up to a tenth and the draw"
    return words if found.run is None else f"{words}\n{_kept(found.run)}"


def _short_of_it(found: CertifiedTraining) -> str:
    one, depth = found.certificate, found.certificate.descent.depth
    if one.floor <= 0:
        return f"lambda_min(H(0)) is not proved to be positive at m = {number(one.width)}: more neurons, or inputs farther apart"
    if depth <= 0:
        return f"depth 0 at m = {number(one.width)}: the least change of any gate may cost more than lambda_min(H(0))"
    more = f"about m = {number(found.needed_width, 2)}" if found.needed_width < 1e9 else f"a width of about {found.needed_width:.0e}"
    remedy = f"{more} neurons" if found.model else more
    flow = "; gradient flow is certified" if one.flow.certified else ""
    return (
        f"depth {number(depth)}, {number(1 / depth)} times too little{flow}; it grows like sqrt(m), so {remedy} would do,"
        f" or labels {number(1 / depth)} times nearer to the outputs"
    )


def _kept(run: CertifiedRun) -> str:
    if run.broken >= 0:
        return f"REFUTED: the run broke the promise at step {run.broken:,}"
    end = "the goal" if run.reached else "the last"
    return (
        f"the run kept its word at all {run.steps:,} steps to {end}: residual at most {number(run.residual_ratio)} of what is promised,"
        f" distance {number(run.distance_ratio)}"
    )

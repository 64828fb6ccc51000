"""How far an optimum is at least: nothing that the map can do in a convex set brings it nearer."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from theorems.language.forms import wrong
from theorems.language.subject import Side
from theorems.local_jacobian.shared import ball, directions, local_jacobian, rounding

if TYPE_CHECKING:
    from theorems.local_jacobian.subject import LocalJacobian

PLACES = (0.25, 1.0)  # of omega: where theta is
UNSEEN = 1e-2
FARTHER = (1.0, 2.0)  # r_0 over ‖f(theta) - f(theta_0)‖: theta is an optimum, or half the way to one


def _reach(subject: LocalJacobian, *, factor: float = 1.001, lower: bool = False, ends: bool = False) -> Side:
    """‖y - f(theta)‖ + factor beta ‖theta - theta_0‖ over r_0, with labels in the direction of f(theta) - f(theta_0), the worst for this
    theta. lower: alpha in place of beta; ends: the norms at theta_0 and theta alone; mistakes of false variants."""
    import torch

    radius = torch.full_like(subject.lipschitz(), subject.instance.radius)
    claimed, alpha, _ = ball(subject)
    bound = (alpha if lower else subject.most(radius))[:, None]
    shares, least = [], torch.full_like(radius, torch.inf)
    for place in PLACES:
        moves = subject.moves(directions(subject), place * radius)
        change = torch.linalg.vector_norm(subject.outputs_at(moves) - subject.outputs()[:, None], dim=-1)
        if ends:
            grams = torch.stack([subject.gram()[:, None].expand(subject.gram_at(moves).shape), subject.gram_at(moves)])
            bound = torch.linalg.eigvalsh(grams)[..., -1].amax(0).clamp_min(0).sqrt()
        most = bound * place * radius[:, None]
        seen = change > UNSEEN * most  # what moves f less is far from the claim, and lost in rounding
        near = torch.where(seen, factor * most / change, 2.0)
        shares += [(more - 1 + near) / more for more in FARTHER]
        least = torch.minimum(least, torch.where(seen, change, torch.inf).amin(-1))
    said = claimed if lower else torch.ones_like(claimed)  # a beta there always is
    one = torch.ones_like(radius)
    values = torch.where(said[:, None], torch.cat(shares, 1), 2.0)
    return Side(values, axes=("case",), rounding=rounding(subject, said, least, one, one))


@local_jacobian(
    id="os-lower",
    source="Oymak and Soltanolkotabi 2019, Theorem 2.3",
    claim="for theta in a convex D on which ‖J‖ <= beta, (‖y - f(theta)‖ + 1.001 beta ‖theta - theta_0‖)/r_0 >= {bound}: no optimum is"
    " closer than r_0/beta",
    at_least="1",
    rests_on=("os-jacobian",),
    attack="labels towards f(theta), theta along J's singular directions",
    passes=2,
    variants=(
        wrong("0.95 beta", "constant", measure=partial(_reach, factor=0.95)),
        wrong("alpha in place of beta", "exponent", measure=partial(_reach, lower=True), ranges={"samples": (2, 6)}),
    ),
    curved=(wrong("D is not convex: beta at theta_0 and theta alone", "assumption", measure=partial(_reach, ends=True)),),
    note="(2.14): an equality on linear maps along the top direction; the thousandth more tells that from rounding. The"
    " paper has any set D, of which the segment from theta_0 to theta is needed.",
)
def lower(subject: LocalJacobian) -> Side:
    return _reach(subject)

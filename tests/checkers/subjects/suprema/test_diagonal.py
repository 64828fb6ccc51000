"""Diagonal changes: the bilinear optimum by brute force, and the products against every choice at tiny sizes."""

from __future__ import annotations

import itertools

import torch

from checkers.networks.network import Network
from checkers.subjects.network import NetworkSubject
from checkers.subjects.suprema.diagonal import backward_changes, backward_gap, changed_products, largest_diagonal
from strategies import instance_from_sizes
from tests.helpers import sources

WIDTH, NONZEROS = 5, 2

source = sources(12, "diagonal")


def choices(size: float) -> list[torch.Tensor]:
    """All diagonals with NONZEROS entries +-size: the corners, where a convex function of D'' has its maximum."""
    found = []
    for where in itertools.combinations(range(WIDTH), NONZEROS):
        for signs in itertools.product((-size, size), repeat=NONZEROS):
            diagonal = torch.zeros(WIDTH, dtype=torch.float64)
            diagonal[list(where)] = torch.tensor(signs, dtype=torch.float64)
            found.append(diagonal)
    return found


def test_the_bilinear_optimum_is_exact() -> None:
    scores = source("scores").normal((7, WIDTH), 1.0)
    best = torch.stack([(scores * d).sum(-1) for d in choices(3.0)]).amax(0)
    assert torch.allclose((scores * largest_diagonal(scores, NONZEROS, 3.0)).sum(-1), best)


def network(depth: int) -> tuple[Network, list[torch.Tensor], torch.Tensor]:
    drawn = Network.draw("dense", WIDTH, depth, 3, 2, 30, source("network", depth))
    x = source("x").normal((30, 1, 3), 1.0)
    record = drawn.forward(x)
    return drawn, list(record.signs), x


def test_a_changed_product_is_close_to_the_best_one() -> None:
    drawn, signs, _ = network(2)
    start = source("start").normal((30, 1, WIDTH), 1.0)
    found = torch.stack([norm for norm, _, _ in changed_products(drawn, signs, 1, 2, NONZEROS, start, 40)]).amax(0)
    first, last = drawn.hidden[0].apply_transpose(torch.eye(WIDTH).double().expand(30, -1, -1)), drawn.hidden[1]

    def norm(diagonal: torch.Tensor) -> torch.Tensor:
        middle = (signs[1] + diagonal).mT * first
        value: torch.Tensor = torch.linalg.matrix_norm(last.apply(middle.mT), ord=2)
        return value

    best = torch.stack([norm(d) for d in choices(1.0)]).amax(0)
    unchanged = norm(torch.zeros(WIDTH).double())
    # a lower bound always; the greedy choice with one round of alternation finds most of what there is
    assert bool((found[:, 0] <= best * (1 + 1e-6)).all())
    assert float((found[:, 0] / best).median()) > 0.95
    assert float((unchanged / best).median()) < 0.9


def test_a_changed_backward_pass_is_close_to_the_largest() -> None:
    drawn, signs, x = network(1)
    record = drawn.forward(x)
    identity = torch.eye(2).double().expand(30, 1, -1, -1)
    top = identity @ drawn.output[:, None]
    back1 = drawn.hidden[0].apply_transpose((signs[1][:, :, None] * top)[:, 0])[:, None]
    rounds = backward_changes(drawn, record.signs, [back1, top], NONZEROS, 3.0)
    found = torch.stack([backward_gap(drawn, diagonals, [back1, top]) for diagonals in rounds]).amax(0)[:, 0, 0]

    def norm(diagonal: torch.Tensor) -> torch.Tensor:
        value: torch.Tensor = torch.linalg.matrix_norm(drawn.hidden[0].apply_transpose((diagonal * top)[:, 0]), ord=2)
        return value

    every = torch.stack([norm(d) for d in choices(3.0)])
    assert bool((found <= every.amax(0) * (1 + 1e-9)).all())
    assert float((found / every.amax(0)).median()) > 0.9
    assert float((every.mean(0) / every.amax(0)).median()) < 0.6


def test_what_a_search_found_is_found_once_and_not_for_other_weights() -> None:
    instance = instance_from_sizes(None, {"width": 16, "depth": 2, "outputs": 2})
    drawn = Network.draw("dense", 16, 2, instance.inputs.shape[1], 2, 3, source("once"))
    subject = NetworkSubject(drawn, instance, source("questions"))
    moved = subject.standing_in(Network.draw("dense", 16, 2, instance.inputs.shape[1], 2, 3, source("other")))
    for find in ("product", "backward"):
        found = [one.changed_product_norm(1, 2, 3) if find == "product" else one.changed_backward_norm(3, 1.0) for one in [subject] * 2]
        assert found[0] is found[1]
        assert not torch.equal(found[0], moved.changed_product_norm(1, 2, 3) if find == "product" else moved.changed_backward_norm(3, 1.0))

"""Certificates: upper bounds that no vector exceeds, held against brute force, and statements that have none refused."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
import torch
from flint import arb
from torch import Tensor

from checkers.certification.balls import Balls, precision
from checkers.certification.bounds import SupremumSubject
from checkers.certification.certify import certifiable, certify, obstacle
from checkers.certification.flips import flips_found, most_flips
from checkers.certification.inequality import enclose
from checkers.certification.subjects import in_balls
from checkers.command_line.main import main
from checkers.errors import InputError
from checkers.networks.network import Network
from checkers.networks.randomness import NormalSource, seed_sequence
from checkers.networks.weights.dense import DenseWeights
from checkers.subjects.network import NetworkSubject
from strategies import instance_from_sizes
from theorems import registry
from theorems.language.instance import Instance
from theorems.language.subject import Comparison

SOURCE = NormalSource(seed_sequence(4))
WIDTH = 7  # all supports can be tried


def subjects(depth: int = 2, outputs: int = 2) -> tuple[NetworkSubject, SupremumSubject, Tensor]:
    instance = instance_from_sizes(None, {"width": WIDTH, "depth": depth, "outputs": outputs, "samples": 2, "input_dimension": 3})
    network = Network.draw("dense", WIDTH, depth, 3, outputs, 1, SOURCE.spawn(f"{depth} {outputs}"))
    batch = NetworkSubject(network, instance, SOURCE)
    made = in_balls(batch, 0, SOURCE, SupremumSubject)()
    assert isinstance(made, SupremumSubject)
    first, second = (weights.matrix[0] for weights in network.hidden if isinstance(weights, DenseWeights))
    product = second * batch.signs(1)[0, 0] @ first
    return batch, made, product


def number(balls: Any, *place: int) -> float:
    return float(Balls(balls).data[place].upper())


def test_norms_are_at_least_the_largest_singular_value_and_not_much_more() -> None:
    _, bound, product = subjects()
    with precision(128):
        found = number(bound.product_norm(1, 2), 0, 0)
    exact = float(torch.linalg.matrix_norm(product, 2))
    assert exact * (1 - 1e-14) <= found <= exact * (1 + 1e-12)


@pytest.mark.parametrize("sparsity", [1, 2, 3, WIDTH])
@pytest.mark.parametrize("sides", ["left", "right", "both"])
def test_no_sparse_vector_exceeds_the_bound(sparsity: int, sides: str) -> None:
    _, bound, product = subjects()
    left, right = (sparsity if side in (sides, "both") or sides == "both" else None for side in ("left", "right"))
    with precision(128):
        found = number(bound.sparse_product_norm(1, 2, left, right), 0, 0)
    every, supports = [tuple(range(WIDTH))], [*itertools.combinations(range(WIDTH), sparsity)]
    exact = max(
        float(torch.linalg.matrix_norm(product[list(rows)][:, list(columns)], 2))
        for rows in (supports if left else every) for columns in (supports if right else every)
    )  # fmt: skip
    assert exact * (1 - 1e-14) <= found
    if sparsity in (1, WIDTH):
        assert found == pytest.approx(exact, rel=1e-12), "one coordinate, and all of them, are known exactly"
    else:
        assert found <= 2 * exact


@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("sparsity", [1, 3])
def test_no_sparse_vector_through_the_backward_pass_exceeds_the_bound(outputs: int, sparsity: int) -> None:
    batch, bound, _ = subjects(outputs=outputs)
    with precision(128):
        found = number(bound.sparse_backward_norm(1, sparsity), 0, 1)
    rows = batch.backward(1)[0, 1]
    supports = itertools.combinations(range(WIDTH), sparsity)
    exact = max(float(torch.linalg.matrix_norm(rows[:, list(columns)], 2)) for columns in supports)
    assert exact * (1 - 1e-14) <= found
    if outputs == 1 or sparsity == 1:
        assert found == pytest.approx(exact, rel=1e-12)


def test_flips_are_counted_as_the_known_optimum_and_never_too_few() -> None:
    g = Balls(torch.tensor([0.3, -0.4, 1.2, 0.0, -5.0], dtype=torch.float64)).data
    with precision(64):
        counts = [most_flips(g, Balls(budget).data.item()) for budget in (0.0, 0.089, 0.0901, 0.24, 0.2501, 1.6901, 100.0)]
    assert counts == [1, 1, 2, 2, 3, 4, 5]


def test_statements_without_a_certificate_say_why() -> None:
    refused = {statement.id: obstacle(statement) for statement in registry if obstacle(statement)}
    assert "all weights in a ball" in refused["gradient-upper"]
    assert "training runs" in refused["gd-rate"]
    assert "up to their rounding" in refused["gradient-formula"]
    with pytest.raises(InputError, match=r"^no certificate for 'semi-smoothness': it speaks of all weights in a ball"):
        certify(registry["semi-smoothness"], seed=1, sizes={})


@pytest.mark.parametrize("identifier", [statement.id for statement in certifiable([*registry])])
def test_an_instance_of_each_statement_that_allows_it_is_certified(identifier: str) -> None:
    statement = registry[identifier]
    found = certify(statement, seed=3, sizes={})
    assert (found.outcome, found.grade) == ("HOLDS", "certified"), "a draw fails with the claimed probability; this one, fixed, does not"
    assert found.high <= 0
    assert found.low <= found.high
    assert found.regime_depth >= 1 or math.isinf(found.regime_depth) or statement.assumptions
    assert certify(statement, seed=3, sizes={}) == found


def test_sizes_are_taken_and_impossible_ones_refused() -> None:
    assert certify(registry["operator-norm"], seed=1, sizes={"width": 128, "depth": 2}).sizes["width"] == 128
    wrong = {
        "no instance inside its regime": {"width": 20},
        "no depth": {"depth": 3000},
        "more work": {"width": 4096},
        "no outputs": {"outputs": 5},
    }
    for reason, sizes in wrong.items():
        with pytest.raises(InputError, match=reason):
            certify(registry["operator-norm"], seed=1, sizes=sizes)


def test_a_certificate_looks_at_the_interval_in_the_middle() -> None:
    """L = 3: the first, the last and all layers together have entries of 0.3288 at most; the product of layers 2 and 3 has more."""
    found = certify(registry["sparse-bilinear"], seed=2, sizes={"depth": 3, "width": 512})
    # the largest entry of W_3 D_2 W_2, an exact sum of products of binary numbers, less the bound, which rounds by 1e-16
    largest = 0.34588312903516794
    difference = largest - registry["sparse-bilinear"].claimed(Instance(width=512, depth=3))[0]
    assert found.low - 1e-15 <= difference <= found.high + 1e-15
    assert found.high - found.low < 1e-12
    assert found.indices == {"sample": 1, "interval": 6}


def test_an_enclosure_reaches_to_the_largest_upper_end() -> None:
    """Not only to that of the index whose lower end is largest: [1, 2] and [0, 9] have their maximum in [1, 9]."""
    left = Balls(np.array([[arb(1).union(arb(2)), arb(0).union(arb(9))]], dtype=object))

    def measure(subject: Any) -> Comparison:
        return Comparison(left, torch.zeros(1, 2), axes=("k",))  # type: ignore[arg-type]

    found = enclose(measure, lambda: None)  # type: ignore[arg-type,return-value]
    assert (found.outcome, found.indices) == ("violated", {"k": 2})
    assert found.low == pytest.approx(1, rel=1e-6)
    assert found.high == pytest.approx(9, rel=1e-6)


def test_what_compares_nothing_is_not_proved() -> None:
    found = enclose(lambda subject: Comparison(torch.ones(1, 1), torch.full((1, 1), torch.inf)), lambda: None)  # type: ignore[arg-type,return-value]
    assert (found.outcome, found.reason) == ("open", "the measure compares nothing")


def test_flips_that_are_found_can_be_had_and_are_nearly_all() -> None:
    g = Balls(torch.tensor([0.3, -0.4, 1.2, 0.0, -5.0], dtype=torch.float64)).data
    with precision(64):
        found = [flips_found(g, Balls(budget).data.item()) for budget in (0.0, 0.089, 0.0901, 0.2499, 0.2501, 1.6901, 100.0)]
    assert [count for count, _ in found] == [0, 1, 2, 2, 3, 4, 5]
    assert [float(carried) for _, carried in found] == pytest.approx([0, 0, 0.09, 0.16, 0.25, 1.69, 26.69])


def test_a_certificate_about_plain_vectors_says_that_it_saw_those_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["certify", "relu-difference", "--seed", "1"]) == 0
    assert "not every index of the claim: relu-difference only at the vectors that were drawn" in capsys.readouterr().out


def test_a_false_variant_is_proved_to_fail_by_what_the_search_finds() -> None:
    variant = registry["operator-norm"].variant("constant 2.8, just below the sharp edge")
    outcomes = {certify(variant, seed=seed, sizes={}).outcome for seed in range(12)}
    assert outcomes == {"HOLDS", "FAILS"}, "31 of 128 draws at this width exceed the constant"


def test_the_command_prints_what_it_proved(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["certify", "forward-norm", "backward-norm", "--seed", "1"]) == 0
    printed = capsys.readouterr().out
    assert printed.count("certified") == 2
    assert "2 of 2 instances proved, each for its own drawn weights and data\nseed 1" in printed
    assert main(["certify", "gd-rate"]) == 2
    assert "no certificate for 'gd-rate'" in capsys.readouterr().err


def test_flint_is_imported_late() -> None:
    import subprocess
    import sys

    code = "import sys; from checkers.command_line.main import main; main(['list', '--quiet']); assert 'flint' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_numpy_and_balls_agree_on_the_reduced_norm() -> None:
    with precision(128):
        assert float(Balls(np.array([3.0, 4.0])).norm().data.item().mid()) == 5.0

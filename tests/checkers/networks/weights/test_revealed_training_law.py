"""After 1, 5 and 20 steps of descent the loss has one law with dense and with revealed weights; and the comparison can fail.

False-alarm rate: ALARM in all, split equally over the comparisons; Kolmogorov-Smirnov's two-sample test, with SciPy's p-values.
"""

from __future__ import annotations

import pytest
import torch
from scipy import stats
from torch import Tensor

from checkers.networks.descent import gradient_descent
from checkers.networks.network import Engine, Network
from checkers.networks.randomness import NormalSource, seed_sequence

ALARM, WIDTHS, STEPS = 1e-6, (8, 16, 32), (1, 5, 20)
SHARE = ALARM / (len(WIDTHS) * len(STEPS))
TRIALS = 2000
INPUTS = torch.tensor([[0.6, 0.8], [1.0, 0.0], [-0.6, 0.8]], dtype=torch.float64)
TARGETS = torch.tensor([[1.0], [-1.0], [0.5]], dtype=torch.float64)


def losses(engine: Engine, width: int, name: str, step: float = 0.5) -> Tensor:
    """F(t) at the steps of STEPS, (trials, 3): two hidden layers, so that both kinds of question and of change occur."""
    source = NormalSource(seed_sequence(23, "training law", name, width))
    network = Network.draw(engine, width, 2, 2, 1, TRIALS, source)
    return gradient_descent(network, INPUTS, TARGETS, step / width, max(STEPS)).loss[:, list(STEPS)]


def p_values(left: Tensor, right: Tensor) -> list[float]:
    return [float(stats.ks_2samp(left[:, k].numpy(), right[:, k].numpy()).pvalue) for k in range(len(STEPS))]


@pytest.mark.parametrize("width", WIDTHS)
def test_the_loss_after_training_has_the_law_of_dense_weights(width: int) -> None:
    dense, revealed = losses("dense", width, "dense"), losses("revealed", width, "revealed")
    found = p_values(dense, revealed)
    assert min(found) > SHARE, found
    # wrong conditionings are refuted in test_revealed_law.py; here, that a step three times as long is seen with this many runs
    assert min(p_values(revealed, losses("dense", width, "wrong", step=1.5))) < SHARE

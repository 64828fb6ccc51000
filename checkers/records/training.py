"""Facts about training runs."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct


class StepCheck(Struct, frozen=True, kw_only=True):
    """One statement checked along one training run, at `steps` of its steps. first_failure: the first where it failed, -1 for none.
    median_ratio: of left side to right side, over those steps."""

    id: str
    verdict: Literal["HOLDS", "FAILED"]
    steps: int
    first_failure: int
    worst_ratio: float
    worst_step: int
    median_ratio: float = 0.0


class LemmaRadius(Struct, frozen=True, kw_only=True):
    """How far a lemma lets the weights move from W(0), hidden constants 1, beside how far the run went."""

    id: str
    formula: str
    needed: float
    reached: float


class OutsideRegime(Struct, frozen=True, kw_only=True):
    """A condition on sizes that a training run does not meet. of: the statements that declare it; ids: those checked along the run that
    are or rest on one of them. value, limit: of the quantity, the run's and the condition's as declared."""

    ids: list[str]
    of: list[str]
    formula: str
    quantity: str
    value: float
    limit: float


class Prediction(Struct, frozen=True, kw_only=True):
    """Gradient descent on the tangent kernel of W(0), beside the network, at the examined steps.

    gap, held_out_gap: ‖f(t) - f_kernel(t)‖/‖f_kernel(t) - f(0)‖ over the samples. held_out_accuracy: of the network; kernel_accuracy: of
    the kernel's trajectory at the last step; regression_accuracy: of regression with the limit kernel; -1 where there are no classes.
    missing: what could not be computed, and why, in a sentence.
    """

    steps: list[int]
    gap: list[float]
    held_out: int
    held_out_gap: list[float]
    held_out_accuracy: float
    kernel_accuracy: float
    regression_accuracy: float
    missing: str = ""


class TrainingRun(Struct, frozen=True, kw_only=True):
    """A run of `lemmafuzz train`. loss, radius, accuracy: F(t), ‖W(t) - W(0)‖_F and the share of right classes at the `recorded` steps.
    delta: the data's least distance. blame: the statement that broke first where training failed, the earliest in the order of dependence
    of several; empty where it did not fail. explanation: what drove the descent and how much slack each inequality had, in sentences.
    loss_function, batch: what was minimized, and the samples in a minibatch (0: all). stable: 2/(smoothness lambda_max) at W(0).
    kernel: (step, least eigenvalue, largest) of one output's tangent kernel. radii: how far the lemmas let the weights move.
    outside: the conditions of the checked statements that the run's sizes do not meet.
    """

    seed: int
    width: int
    depth: int
    samples: int
    outputs: int
    delta: float
    algorithm: str
    step_size: float
    weights: Literal["dense", "revealed"]
    loss: list[float]
    radius: list[float]
    accuracy: list[float]
    checks: list[StepCheck]
    blame: str
    data: str = ""
    labels: str = ""
    steps: int = 0
    reached: bool = False
    seconds: float = 0.0
    regime_depth: float = 0.0
    constants: dict[str, float] = {}
    recorded: list[int] = []
    loss_function: str = "squared"
    batch: int = 0
    stable: float = 0.0
    kernel: list[tuple[int, float, float]] = []
    radii: list[LemmaRadius] = []
    outside: list[OutsideRegime] = []
    explanation: list[str] = []
    prediction: Prediction | None = None
    planned_bytes: int = 0
    architecture: str = "fully connected"

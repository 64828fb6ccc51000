"""Facts of a comparison of theories on one data set. None stands for what does not exist: the width where lambda0 = 0."""

from __future__ import annotations

from msgspec import Struct


class Assumed(Struct, frozen=True, kw_only=True):
    """An assumption on the data. broken_by: groups of rows, by name, the first of them; groups: how many there are. remedy: what to do
    about it."""

    says: str
    met: bool
    broken_by: list[list[str]] = []
    groups: int = 0
    remedy: str = ""


class Asked(Struct, frozen=True, kw_only=True):
    """What a theorem asks for. formula: of the width, which is `width_asked` where logarithms of m are 1, and `whole` where they are not.
    promises: "convergence", or "kernel" if only that is there at initialization. met, offending_rows: of all its assumptions together, the
    rows without those that are not named. certificate_depth: of the certificate that the theorem is the limit of, for the W(0) that was
    looked at last: certified from 1 on. over_measured: width over the measured one."""

    id: str
    theory: str
    name: str
    source: str
    trained: str
    standing: str
    promises: str
    formula: str
    met: bool
    offending_rows: list[str]
    assumed: list[Assumed]
    width_asked: float | None
    whole: float | None
    steps: float | None
    over_measured: float | None
    certificate_depth: float | None = None
    note: str = ""


class NotAsked(Struct, frozen=True, kw_only=True):
    """A result that is named without a number, and why."""

    source: str
    assumes: str
    width: str
    why: str


class TriedTraining(Struct, frozen=True, kw_only=True):
    """successes: of `seeds` networks, counted until enough have succeeded. steps: the median network's, None where it does not succeed."""

    width: int
    seeds: int
    successes: int
    steps: float | None


class Trained(Struct, frozen=True, kw_only=True):
    """The least width that trains. goal: of the loss, as a share of the first. patience: in units of 1/(eta lambda0) steps. enough: share
    of networks. width: None if `largest` is not enough. steps: of the median network there. predicted: by H_inf, for these labels. skipped:
    why no width was tried."""

    goal: float
    patience: float
    enough: float
    largest: int
    width: int | None
    steps: float | None
    predicted: int | None
    skipped: str
    tried: list[TriedTraining]


class Certified(Struct, frozen=True, kw_only=True):
    """The least width whose drawn network is certified. width: None if none was up to the largest tried; then `predicted` from the depth
    there, None where that is zero. depth: at the last width, certified from 1 on. steps: promised to the goal."""

    width: int | None
    predicted: float | None
    depth: float
    largest: int
    over_measured: float | None
    steps: float | None = None


class DeepCertified(Struct, frozen=True, kw_only=True):
    """About how wide a network of the first paper with so many hidden layers has to be for its certificate; None where a drawn one has no
    depth."""

    layers: int
    width: float | None
    over_measured: float | None


class Deviation(Struct, frozen=True, kw_only=True):
    """‖H(W) - H(0)‖ at one radius, as one step of a proof has it. ratio: over the next sharper one."""

    name: str
    value: float
    ratio: float | None


class LostFactor(Struct, frozen=True, kw_only=True):
    """What one inequality multiplies the required width by. why: in symbols."""

    name: str
    factor: float
    why: str


class Losses(Struct, frozen=True, kw_only=True):
    """Where a proof loses its width. start, end: of the chain, whose factors' product is their ratio. radius: how far the farthest neuron
    goes at `width`, where the deviations are; all medians over networks."""

    start: str
    end: str
    factors: list[LostFactor]
    width: int
    radius: float
    deviations: list[Deviation]


class Generalization(Struct, frozen=True, kw_only=True):
    """One trained network and rows that it has not seen. The loss is min(|y - f|, 1), errors are of signs.

    steps: to a hundredth of the loss that is trained on, None where patience ended before. gap: held-out loss minus training loss. bound:
    on it, at the distances B = ‖W - W(0)‖_F and R travelled, by tl-complexity and McDiarmid, each failing with probability p/2; leading:
    its term 2 B/sqrt(2 n). predicted_distance: B by the kernel at the start, sqrt(r_0^T H(0)^{-1} r_0); farthest: R. kernel_bound:
    sqrt(2 y^T H_inf^{-1} y/n).
    """

    labels: str
    width: int
    steps: int | None
    samples: int
    held_out: int
    train_loss: float
    held_out_loss: float
    train_error: float
    held_out_error: float
    gap: float
    bound: float
    leading: float
    distance: float
    predicted_distance: float
    farthest: float
    kernel_bound: float


class Comparison(Struct, frozen=True, kw_only=True):
    """data: what it is; labels: in words. rows: how many. width_measured: the least that trains, as `trained` says how; low: the largest
    that was tried and does not, 0 for none; high: the least that was tried and does, None for none. lambda0, top: eigenvalues of H_inf at
    both ends; data_norm: ‖X‖; crowding: S; residual: sqrt(‖y‖^2 + n/2). p: failure probability of every theory."""

    data: str
    labels: str
    read: str
    warnings: list[str]
    seed: int
    rows: int
    input_dimension: int
    delta: float | None
    lambda0: float
    top: float
    data_norm: float
    crowding: float
    residual: float
    p: float
    theories: list[Asked]
    not_asked: list[NotAsked]
    certified: Certified | None  # None where that was not tried
    deep: list[DeepCertified]  # as far as that takes seconds
    trained: Trained
    width_measured: int | None
    low: int
    high: int | None
    losses: Losses | None
    generalization: list[Generalization] = []
    seconds: float = 0.0

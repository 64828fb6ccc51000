"""Revealed weights answer any sequence of questions and changes as one matrix would: a state machine looks for one where they do not.

There is no matrix to compare with, so that there is a model of what is known: all answers so far, moved by all changes since. At any
moment they must be those of one linear map: U W X by the answers from either side, combinations by linearity, repetitions by themselves.
"""

from __future__ import annotations

import pytest
import torch
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from torch import Tensor

from checkers.networks.randomness import NormalSource, seed_sequence
from checkers.networks.weights.known_side import ALONG
from checkers.networks.weights.revealed import RevealedWeights

ROWS, COLUMNS, TRIALS = 7, 5, 2
SEEDS = st.integers(0, 2**32 - 1)
COUNTS = st.integers(1, 3)
# Scales of a question, and how near it lies to an earlier one, from far to less than a rounding.
SCALES = st.sampled_from([1.0, 1e-6, 1e6])
NEARNESS = st.sampled_from([0.0, 1.0, 1e-3, 1e-7, 1e-10, 1e-13, 1e-17])


def vectors(seed: int, count: int, dimension: int, dtype: torch.dtype) -> Tensor:
    return NormalSource(seed_sequence(seed, "questions")).normal((TRIALS, count, dimension), 1.0, dtype)


class Questions(RuleBasedStateMachine):
    """asked[side]: questions from the right (0) and the left (1) side, of length one; answered[side]: what was answered, by now."""

    dtype = torch.float64

    def __init__(self) -> None:
        super().__init__()
        self.weights = RevealedWeights(ROWS, COLUMNS, 0.5, TRIALS, NormalSource(seed_sequence(1, "machine")), self.dtype)
        self.asked = [torch.zeros(TRIALS, 0, dimension, dtype=self.dtype) for dimension in (COLUMNS, ROWS)]
        self.answered = [torch.zeros(TRIALS, 0, dimension, dtype=self.dtype) for dimension in (ROWS, COLUMNS)]
        self.size = 10.0  # of W: a Gaussian matrix of this size with variance 1/2 has norm 10 with a probability below 1e-9
        self.operations = 1
        self.beside: tuple[RevealedWeights, Tensor] | None = None  # a copy that goes its own way, and how far it is from these weights

    def near(self, a: Tensor, b: Tensor) -> None:
        """In numbers as large as the matrix with all its changes, every operation may make 32 roundings, and take up a direction that
        lies along the others by as much as the weights allow."""
        eps = torch.finfo(self.dtype).eps
        assert bool(((a - b).abs() <= self.operations * (32 * eps + min(ALONG, 4096 * eps)) * self.size).all())

    def ask(self, side: int, x: Tensor) -> None:
        """Questions of length one, or zero, with any factor in front."""
        self.operations += 1
        answer = (self.weights.apply_transpose if side else self.weights.apply)(x)
        length = x.norm(dim=-1, keepdim=True)
        present = length > 0
        self.near(torch.where(present, 0.0, answer), torch.zeros_like(answer))
        unit = torch.where(present, 1 / torch.where(present, length, 1.0), 0.0)
        self.asked[side] = torch.cat([self.asked[side], x * unit], 1)
        self.answered[side] = torch.cat([self.answered[side], answer * unit], 1)

    @rule(side=st.integers(0, 1), seed=SEEDS, count=COUNTS, scale=SCALES)
    def new(self, side: int, seed: int, count: int, scale: float) -> None:
        self.ask(side, scale * vectors(seed, count, self.asked[side].shape[2], self.dtype))

    @rule(side=st.integers(0, 1), count=COUNTS)
    def nothing(self, side: int, count: int) -> None:
        self.ask(side, self.asked[side].new_zeros(TRIALS, count, self.asked[side].shape[2]))

    @precondition(lambda self: self.asked[0].shape[1])
    @rule(seed=SEEDS, count=COUNTS, near=NEARNESS, scale=SCALES, mixed=st.booleans())
    def again_from_the_right(self, seed: int, count: int, near: float, scale: float, mixed: bool) -> None:
        self.again(0, seed, count, near, scale, mixed)

    @precondition(lambda self: self.asked[1].shape[1])
    @rule(seed=SEEDS, count=COUNTS, near=NEARNESS, scale=SCALES, mixed=st.booleans())
    def again_from_the_left(self, seed: int, count: int, near: float, scale: float, mixed: bool) -> None:
        self.again(1, seed, count, near, scale, mixed)

    def again(self, side: int, seed: int, count: int, near: float, scale: float, mixed: bool) -> None:
        """The last questions, or combinations of all, with something new of relative length `near`."""
        known = self.asked[side]
        known = vectors(seed, count, known.shape[1], self.dtype) @ known / known.shape[1] if mixed else known[:, -count:]
        self.ask(side, scale * (known + near * vectors(seed + 1, known.shape[1], known.shape[2], self.dtype)))

    @rule(seed=SEEDS, count=COUNTS, known_left=st.booleans(), known_right=st.booleans(), scale=st.sampled_from([1.0, 1e-3, 1e-8]))
    def change(self, seed: int, count: int, known_left: bool, known_right: bool, scale: float) -> None:
        """W += sum_k u_k v_k^T, of vectors that were asked for or not; what was answered before moves with it."""
        self.operations += 1
        count = min([count, *(self.asked[side].shape[1] for side, known in enumerate((known_right, known_left)) if known)])
        v = self.asked[0][:, :count] if known_right else vectors(seed, count, COLUMNS, self.dtype)
        u = scale * (self.asked[1][:, :count] if known_left else vectors(seed + 1, count, ROWS, self.dtype))
        before = self.weights.change_norm()
        self.weights.add_outer(u, v)
        moved = torch.linalg.matrix_norm(u.mT @ v)
        self.size += float(moved.max())
        assert bool((self.weights.change_norm() <= (before + moved) * 1.001 + 1e-3 * self.size).all())
        self.answered[0] = self.answered[0] + self.asked[0] @ v.mT @ u
        self.answered[1] = self.answered[1] + self.asked[1] @ u.mT @ v
        if self.beside is not None:
            self.beside = self.beside[0], self.beside[1] - u.mT @ v

    @rule(side=st.integers(0, 1), seed=SEEDS, count=COUNTS, changes=st.booleans())
    def a_copy_goes_its_own_way(self, side: int, seed: int, count: int, changes: bool) -> None:
        """It asks what these weights were not asked, and may change on its own."""
        twin, apart = self.beside or (self.weights.copy(), torch.zeros(TRIALS, ROWS, COLUMNS, dtype=self.dtype))
        self.operations += 2
        (twin.apply_transpose if side else twin.apply)(vectors(seed + 2, count, ROWS if side else COLUMNS, self.dtype))
        if changes:
            u, v = vectors(seed + 3, count, ROWS, self.dtype), vectors(seed + 4, count, COLUMNS, self.dtype)
            twin.add_outer(u, v)
            apart = apart + u.mT @ v
            self.size += float(torch.linalg.matrix_norm(u.mT @ v).max())
        self.beside = twin, apart

    @rule()
    def continue_as_a_copy(self) -> None:
        self.weights = self.weights.copy()

    @rule()
    def continue_from_a_file(self) -> None:
        self.beside = None  # what is read from a file is a matrix of its own
        state = {name: tensor.clone() for name, tensor in self.weights.state().items()}
        self.weights = RevealedWeights(ROWS, COLUMNS, 0.5, TRIALS, NormalSource(seed_sequence(1, "machine")), self.dtype)
        self.weights.resume(state)

    @invariant()
    def both_sides_speak_of_one_matrix(self) -> None:
        """<u, W x> = <W^T u, x> for all questions that were ever asked."""
        self.near(self.asked[1] @ self.answered[0].mT, self.answered[1] @ self.asked[0].mT)

    @invariant()
    def a_question_repeated_is_answered_alike(self) -> None:
        """All at once, so as a combination of what is known; on a copy, which must not disturb the original."""
        twin = self.weights.copy()
        for side, answer in enumerate((twin.apply, twin.apply_transpose)):
            if self.asked[side].shape[1]:
                self.near(answer(self.asked[side]), self.answered[side])

    def teardown(self) -> None:
        """All of the matrix, read off from either side, is one matrix, and no more directions were needed than there are dimensions."""
        by_columns = self.weights.apply(torch.eye(COLUMNS, dtype=self.dtype).expand(TRIALS, -1, -1)).mT
        by_rows = self.weights.apply_transpose(torch.eye(ROWS, dtype=self.dtype).expand(TRIALS, -1, -1))
        self.operations += 2
        self.near(by_columns, by_rows)
        if self.beside is not None:
            twin, apart = self.beside
            self.operations += 2
            self.near(twin.apply(torch.eye(COLUMNS, dtype=self.dtype).expand(TRIALS, -1, -1)).mT, by_columns + apart)
            self.near(twin.apply_transpose(torch.eye(ROWS, dtype=self.dtype).expand(TRIALS, -1, -1)), by_rows + apart)
        self.near(self.asked[0] @ by_columns.mT, self.answered[0])
        for rows in (self.weights._right.directions.rows, self.weights._left.directions.rows):
            gram = rows @ rows.mT
            self.near(gram, torch.diag_embed(gram.diagonal(dim1=-2, dim2=-1).round()))
            assert int(gram.diagonal(dim1=-2, dim2=-1).round().sum(-1).max()) <= rows.shape[2]


class SinglePrecision(Questions):
    dtype = torch.float32


@pytest.mark.parametrize("machine", [Questions, SinglePrecision], ids=["float64", "float32"])
def test_any_sequence_of_questions_and_changes_has_the_answers_of_one_matrix(machine: type[Questions]) -> None:
    run_state_machine_as_test(
        machine, settings=settings(max_examples=100, stateful_step_count=10, deadline=None, derandomize=True, database=None)
    )


def test_what_is_left_of_a_full_space_is_no_direction() -> None:
    """Near the last dimension, what one question leaves is the noise of directions that are orthonormal to 1e-13 only."""
    for seed in range(20):
        machine = Questions()
        machine.new(1, seed, 2, 1.0)
        machine.again(1, seed, 1, 1e-3, 1.0, False)
        machine.new(1, seed + 1, 3, 1.0)
        machine.a_question_repeated_is_answered_alike()
        machine.new(1, seed + 6, 2, 1.0)
        machine.both_sides_speak_of_one_matrix()
        machine.a_question_repeated_is_answered_alike()
        machine.teardown()

"""One error rate for a whole run, split over every decision made."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Account:
    """One statement's part of the budget. The j-th decision may spend budget/(j (j + 1)): all of them together at most the budget."""

    budget: float
    decisions: int = 0

    def shared(self, parts: int) -> tuple[Account, list[Account]]:
        """Before anything is spent: half for a search, equal parts of the other half for the populations beside it; all, if none."""
        if not parts:
            return self, []
        return Account(self.budget / 2), [Account(self.budget / (2 * parts)) for _ in range(parts)]

    @property
    def next(self) -> float:
        """The false-alarm probability of the next decision."""
        return self.budget / ((self.decisions + 1) * (self.decisions + 2))

    def spend(self) -> float:
        """Pay for the next decision; its false-alarm probability."""
        alpha, self.decisions = self.next, self.decisions + 1
        return alpha


@dataclass
class ErrorBudget:
    """A run's false-alarm budget alpha: the probability, at most, that the run refutes any statement that is true.

    The statement at position k of the registry owns alpha/((k + 1)(k + 2)), whichever statements the run checks and in whatever order,
    and divides it among its decisions in the same way; the series sum to 1, however many statements and decisions there are.
    """

    alpha: float = 1e-6
    _accounts: dict[tuple[int, str], Account] = field(default_factory=dict)

    def account(self, position: int, architecture: str = "fully connected", architectures: int = 1) -> Account:
        """The account of a statement on one of the architectures it is claimed for, among which its share is divided equally."""
        share = self.alpha / ((position + 1) * (position + 2) * architectures)
        return self._accounts.setdefault((position, architecture), Account(share))

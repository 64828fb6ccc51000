"""One error rate for a whole run, split over every decision made."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Account:
    """One statement's part of the budget. The j-th decision may spend budget/(j (j + 1)): all of them together at most the budget."""

    budget: float
    decisions: int = 0

    def spend(self) -> float:
        """The false-alarm probability of the next decision."""
        self.decisions += 1
        return self.budget / (self.decisions * (self.decisions + 1))


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

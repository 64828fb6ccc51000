"""What every test shares: Hypothesis draws the same examples in every run, long tests have their place, and those of a GPU are only there
where there is one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import hypothesis
import pytest
import torch

from checkers.networks import descent as trainer
from theorems.allen_zhu.convergence import STEPS

hypothesis.settings.register_profile("same every time", derandomize=True, deadline=None, database=None)
# Under HypoFuzz, `--hypothesis-profile fuzz`: it needs tests that may draw what they like, and a database for what it finds.
hypothesis.settings.register_profile("fuzz", deadline=None)
hypothesis.settings.load_profile("same every time")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "slow(seconds): takes more than ten; runs after the fast tests, or where several processes share the tests before them, the longest"
        " first: then nobody waits for one at the end",
    )
    config.addinivalue_line("markers", "cuda: needs a GPU; not collected where there is none")


def seconds(item: pytest.Item) -> float:
    """Of a long test, as its mark says; 0 for others."""
    mark = item.get_closest_marker("slow")
    return float(mark.args[0] if mark.args else 10) if mark else 0.0


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not torch.cuda.is_available():
        items[:] = [item for item in items if item.get_closest_marker("cuda") is None]
    shared = hasattr(config, "workerinput")  # by the workers of xdist
    items.sort(key=lambda item: -seconds(item) if shared else seconds(item) > 0)


@pytest.fixture
def _two_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Theorems about training ask for thousands of steps, all alike."""
    whole = trainer.follow

    def shortened(network: Any, x: Any, y: Any, eta: float, steps: int, descent: Any, order: Any) -> Any:
        short = replace(descent, every=min(descent.every, 2))
        return whole(network, x, y, eta, steps if steps <= STEPS else 2, short, order)

    monkeypatch.setattr(trainer, "follow", shortened)


@pytest.fixture(scope="session", autouse=True)
def _one_process() -> Iterator[None]:
    """Commands that are not told how many processes to use start none: the other cores have other tests, and to start one takes as long as
    most tests do."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.cpu_count", lambda: 1)
        yield

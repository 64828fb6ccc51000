"""What every test shares: Hypothesis draws the same examples in every run, tests that run a whole command come last, and those of a GPU are
only there where there is one."""

from __future__ import annotations

from collections.abc import Iterator

import hypothesis
import pytest
import torch

hypothesis.settings.register_profile("same every time", derandomize=True, deadline=None, database=None)
# Under HypoFuzz, `--hypothesis-profile fuzz`: it needs tests that may draw what they like, and a database for what it finds.
hypothesis.settings.register_profile("fuzz", deadline=None)
hypothesis.settings.load_profile("same every time")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: takes more than ten seconds; runs after the fast tests")
    config.addinivalue_line("markers", "cuda: needs a GPU; not collected where there is none")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if not torch.cuda.is_available():
        items[:] = [item for item in items if item.get_closest_marker("cuda") is None]
    items.sort(key=lambda item: item.get_closest_marker("slow") is not None)


@pytest.fixture(scope="session", autouse=True)
def _one_process() -> Iterator[None]:
    """Commands that are not told how many processes to use start none: the other cores have other tests, and to start one takes as long as
    most tests do."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.cpu_count", lambda: 1)
        yield

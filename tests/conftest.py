"""What every test shares: Hypothesis draws the same examples in every run, and tests that run a whole command come last."""

from __future__ import annotations

import hypothesis
import pytest

hypothesis.settings.register_profile("same every time", derandomize=True, deadline=None, database=None)
# Under HypoFuzz, `--hypothesis-profile fuzz`: it needs tests that may draw what they like, and a database for what it finds.
hypothesis.settings.register_profile("fuzz", deadline=None)
hypothesis.settings.load_profile("same every time")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: takes more than ten seconds; runs after the fast tests")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.get_closest_marker("slow") is not None)

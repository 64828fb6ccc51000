"""What is claimed, a folder for each paper. Importing this package fills `registry`."""

from theorems import allen_zhu  # noqa: F401
from theorems.language.registry import registry, statement

__all__ = ["registry", "statement"]

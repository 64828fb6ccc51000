"""The architectures by name, each a function of an instance and of its own parameters. A fourth one is one `register`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from checkers.architecture import Architecture
from checkers.convolutional import Convolutional
from checkers.errors import InputError
from checkers.fully_connected import FullyConnected
from checkers.residual import Residual
from theorems.instance import Instance

Factory = Callable[..., Architecture]

ARCHITECTURES: dict[str, Factory] = {}


def register(name: str, factory: Factory) -> None:
    """Make an architecture known. factory: (instance, **options) -> Architecture; the options are those of a statement."""
    if ARCHITECTURES.setdefault(name, factory) is not factory:
        raise InputError(f"the architecture {name!r} is registered twice")


def architecture_for(name: str, instance: Instance, **options: Any) -> Architecture:
    """The architecture of that name for the instance's sizes; ValueError if there is none."""
    if name not in ARCHITECTURES:
        raise ValueError(f"unknown architecture {name!r}; known: {', '.join(ARCHITECTURES)}")
    return ARCHITECTURES[name](instance, **options)


register("fully connected", lambda instance: FullyConnected())
register("residual", lambda instance, **options: Residual(**options))
register("convolutional", lambda instance, **options: Convolutional(instance.positions, instance.patch, **options))

"""The architectures by name, each a function of an instance and of its own parameters. A fourth one is one `register`.

Their classes are imported when they are needed: they bring torch along, which `list` and `--help` must not wait for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from checkers.errors import InputError
from theorems.language.instance import Instance

if TYPE_CHECKING:
    from checkers.networks.architectures.architecture import Architecture

Factory = Callable[..., "Architecture"]

_factories: dict[str, Factory] = {}


def register(name: str, factory: Factory) -> None:
    """Make an architecture known. factory: (instance, **options) -> Architecture; the options are those of a statement."""
    if name in _factories:
        raise InputError(f"the architecture {name!r} is registered twice")
    _factories[name] = factory


def known() -> dict[str, Factory]:
    """All registered architectures, as a copy."""
    return dict(_factories)


def restore(factories: Mapping[str, Factory]) -> None:
    """Forget what was registered since `known` gave these."""
    _factories.clear()
    _factories.update(factories)


def architecture_for(name: str, instance: Instance, **options: Any) -> Architecture:
    """The architecture of that name for the instance's sizes; InputError if there is none."""
    if name not in _factories:
        raise InputError(f"there is no architecture {name!r}; known: {', '.join(_factories)}")
    return _factories[name](instance, **options)


def _fully_connected(instance: Instance) -> Architecture:
    from checkers.networks.architectures.fully_connected import FullyConnected

    return FullyConnected()


def _residual(instance: Instance, **options: Any) -> Architecture:
    from checkers.networks.architectures.residual import Residual

    return Residual(**options)


def _convolutional(instance: Instance, **options: Any) -> Architecture:
    from checkers.networks.architectures.convolutional import Convolutional

    return Convolutional(instance.positions, instance.patch, **options)


register("fully connected", _fully_connected)
register("residual", _residual)
register("convolutional", _convolutional)

"""What is claimed, a folder for each theory: every one but `language` and `laws`. Importing this package fills `registry`."""

from importlib import import_module
from pkgutil import iter_modules

from theorems.language.registry import registry, statement

__all__ = ["registry", "statement"]

# in the order of their names, whichever order the file system has
for _name in sorted(found.name for found in iter_modules(__path__) if found.ispkg and found.name not in ("language", "laws")):
    import_module(f"{__name__}.{_name}")

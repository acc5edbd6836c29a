"""Public names that import their module on first use, so that a client costs only what it needs."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def lazy_names(
    package: str, homes: Mapping[str, str], missing: Mapping[str, str] | None = None
) -> Callable[[str], object]:
    """Return a ``__getattr__`` for the module *package*.

    Public submodules of the package are found, too: after ``import kafka`` programs write
    ``kafka.errors.KafkaError``.

    Args:
        package: name of the module that offers the names.
        homes: the module that defines each name.
        missing: names that other releases have, with what to say about each.
    """

    def get(name: str) -> object:
        home = homes.get(name)
        if home is not None:
            value = getattr(import_module(home), name)
        elif missing and name in missing:
            raise ImportError(f"{package}.{name} is not available: {missing[name]}")
        elif not name.startswith("_") and _exists(f"{package}.{name}"):
            value = import_module(f"{package}.{name}")
        else:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        setattr(sys.modules[package], name, value)
        return value

    return get


def public_names(package: str, homes: Mapping[str, str]) -> list[str]:
    """Return what ``dir()`` of the module *package* lists: lazy names and public submodules.

    Args:
        package: name of the module that offers the names.
        homes: the module that defines each name.
    """
    import pkgutil  # noqa: PLC0415 - only people look at dir()

    module = sys.modules[package]
    submodules = (found.name for found in pkgutil.iter_modules(module.__path__))
    special = (name for name in vars(module) if name.startswith("__"))
    public = (name for name in submodules if not name.startswith("_"))
    return sorted({*homes, *special, *public})


def _exists(module: str) -> bool:
    from importlib.util import find_spec  # noqa: PLC0415 - few programs look for submodules

    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # what should hold it is no package
        return False

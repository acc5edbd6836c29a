"""The names that a module of kafka-python's protocol offers.  Pure."""

from __future__ import annotations

import re
import sys
from functools import cache
from importlib import import_module
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any, Final

from kafka.protocol import api, struct, types
from kafka.protocol.legacy.families import Family
from kafka.protocol.legacy.table import KNOWN, MODULES, rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kafka.protocol.api import Request, Response
    from kafka.protocol.schema import Message

_NAME: Final = re.compile(r"(?P<api>\w+?)(?P<kind>Request|Response)(?:_v(?P<version>\d+))?")
_CAPITAL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_KNOWN: Final = {
    api: int(count) for api, _, count in (word.partition(":") for word in KNOWN.split())
}


def offer(module: str) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return ``__getattr__`` and ``__dir__`` of a module of kafka-python's protocol.

    Args:
        module: its name, for instance ``kafka.protocol.metadata``.
    """
    apis = dict(map(_entry, rows(MODULES)[module.rpartition(".")[2]]))

    # Any: a family, or one of its classes.
    def get(name: str) -> Any:
        if name == "__all__":
            return sorted(names())
        found = _NAME.fullmatch(name)
        if found is None or found["api"] not in apis:
            return _building_block(module, name)
        family = _family(found["api"] + found["kind"], module, apis[found["api"]] + found["kind"])
        value = family if found["version"] is None else _class(family, int(found["version"]))
        setattr(sys.modules[module], name, value)
        return value

    def names() -> list[str]:
        own = [name for name, value in vars(sys.modules[module]).items() if _is_public(name, value)]
        return sorted({*own, *(name for start in apis for name in _names(start, apis[start]))})

    return get, names


def _is_public(name: str, value: object) -> bool:
    """Tell whether a module means others to have what it holds."""
    is_foreign = not getattr(value, "__module__", "kafka.").startswith("kafka.")
    return not (name.startswith("_") or is_foreign or isinstance(value, ModuleType | FunctionType))


def _building_block(module: str, name: str) -> Any:
    """Return what 2.x's modules made their structures of, which programs import from there, too."""
    for home in (types, api, struct):
        value = getattr(home, name, None)
        if isinstance(value, type) and value.__module__ == home.__name__:
            return value
    raise AttributeError(f"module {module!r} has no attribute {name!r}")


def _entry(word: str) -> tuple[str, str]:
    """Return what the names of structures begin with, and the API behind them."""
    name, _, behind = word.partition("=")
    return name, behind or name


def _names(name: str, behind: str) -> Iterator[str]:
    """Yield the names of a request and its response, those of the versions of 2.x as well."""
    for kind in ("Request", "Response"):
        yield name + kind
        yield from (f"{name}{kind}_v{version}" for version in range(_KNOWN.get(behind, 0)))


@cache
def _family(name: str, module: str, message: str) -> Family:
    behind = message.removesuffix("Request").removesuffix("Response")
    home = import_module(f"kafka.protocol.messages.{_CAPITAL.sub('_', behind).lower()}")
    found: type[Message] = getattr(home, message)
    return Family(name, module, found, _KNOWN.get(behind, 0))


def _class(family: Family, version: int) -> type[Request] | type[Response]:
    try:
        return family[version]
    except IndexError as exc:
        raise AttributeError(str(exc)) from exc

"""Which APIs have a module, and their handlers, imported on first use."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import TYPE_CHECKING

from kafka.testing.broker import apis, handlers
from kafka.testing.broker.api_ranges import Api

if TYPE_CHECKING:
    from kafka.testing.broker.handlers import Registered
    from kafka.testing.broker.versions import Release


@cache
def implemented() -> frozenset[str]:
    """Return the names of the APIs that have a module."""
    return frozenset(module.name for module in pkgutil.iter_modules(apis.__path__))


def api_table(release: Release) -> dict[int, Api]:
    """Return what a broker that imitates *release* serves, by API key."""
    return {
        key: Api(key, name, lowest, highest)
        for key, (name, lowest, highest) in release.ranges().items()
        if name in implemented()
    }


def handler_of(api: Api) -> Registered:
    """Return the handler of *api*; import its module if that has not happened yet."""
    found = handlers.registered(api.key)
    if found is None:
        importlib.import_module(f"{apis.__name__}.{api.name}")
        found = handlers.registered(api.key)
        assert found is not None, f"{api.name} registers no handler"
    return found

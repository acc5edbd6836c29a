"""Which APIs have a module, and their handlers, imported on first use."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import TYPE_CHECKING

from kafka.testing.broker import apis, handlers
from kafka.testing.broker.api_ranges import Api, with_ranges

if TYPE_CHECKING:
    from kafka.testing.broker.api_ranges import Ranges
    from kafka.testing.broker.handlers import Registered
    from kafka.testing.broker.versions import Release


# GetTelemetrySubscriptions and PushTelemetry.
_TELEMETRY = frozenset({71, 72})


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


def offered(release: Release, wanted: Ranges, *, telemetry: bool) -> dict[int, Api]:
    """Return what brokers advertise, by API key.

    Args:
        release: the one that they imitate.
        wanted: versions that replace those of the release.
        telemetry: the APIs of KIP-714 too, which Apache Kafka has only with a plugin that takes
            the metrics. Naming them in *wanted* asks for them as well.
    """
    asked = {request_type.API_KEY for request_type in wanted}
    apis = {
        key: api
        for key, api in api_table(release).items()
        if telemetry or key not in _TELEMETRY or key in asked
    }
    return with_ranges(apis, wanted)


def handler_of(api: Api) -> Registered:
    """Return the handler of *api*; import its module if that has not happened yet."""
    found = handlers.registered(api.key)
    if found is None:
        importlib.import_module(f"{apis.__name__}.{api.name}")
        found = handlers.registered(api.key)
        assert found is not None, f"{api.name} registers no handler"
    return found

"""Requests and errors by the names that Kafka gives them.  Pure."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from typing import TYPE_CHECKING

from kafka.errors import BrokerResponseError, NoError, kafka_errors
from kafka.protocol import messages
from kafka.protocol.schema import Request
from kafka.testing.broker.wire import request_type

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kafka.testing.broker.wire import AnyRequest

# Kafka's newer names of errors whose class has the older one.
_NEWER_NAMES = {"NOT_LEADER_OR_FOLLOWER": 6, "UNKNOWN_SERVER_ERROR": -1}


def request_named(api: type[AnyRequest] | str) -> type[AnyRequest]:
    """Return a request class, which may be given by its name: ``"Produce"``, ``"ProduceRequest"``.

    Raises:
        TypeError: it is neither a request class nor a name.
        ValueError: no API has that name.
    """
    if isinstance(api, str):
        key = _keys().get(_plain(api))
        if key is None:
            known = [module.title().replace("_", "") for module in messages.MODULES.values()]
            raise ValueError(f"there is no API {api!r}{instead(api, known)}")
        return request_type(key)
    if not (isinstance(api, type) and issubclass(api, Request)):
        raise TypeError(f"an API is a request class or its name, e.g. 'Produce', not {api!r}")
    return api


@cache
def _keys() -> dict[str, int]:
    return {_plain(module): key for key, module in messages.MODULES.items()}


def _plain(name: str) -> str:
    return name.replace("_", "").lower().removesuffix("request")


def error_named(error: object) -> type[BrokerResponseError]:
    """Return an error class, which may be given by Kafka's name: ``"NOT_LEADER_OR_FOLLOWER"``.

    Raises:
        TypeError: it is neither an error class nor a name.
        ValueError: no broker sends such an error.
    """
    if isinstance(error, str):
        found = _errors().get(error.upper()) or _errors().get(error.removesuffix("Error").upper())
        if found is None:
            raise ValueError(f"there is no error {error!r}{instead(error.upper(), _errors())}")
        return found
    if isinstance(error, BrokerResponseError):
        raise TypeError(f"an error is a class or a name: write {type(error).__name__}, not {error}")
    if not isinstance(error, type):
        meant = kafka_errors.get(error) if isinstance(error, int) else None
        hint = "" if meant is None else f"; write {meant.__name__} or {meant.message!r}"
        raise TypeError(f"an error is a class or a name, not {error!r}{hint}")
    code = getattr(error, "errno", None)
    if not issubclass(error, BrokerResponseError) or code not in kafka_errors:
        raise ValueError(f"no broker sends {error.__name__}: it has no error code")
    if code == NoError.errno:
        raise ValueError("NoError is no fault")
    return error


@cache
def _errors() -> dict[str, type[BrokerResponseError]]:
    """Return the errors by Kafka's names, and by the names of the classes."""
    found = {}
    for code, error in kafka_errors.items():
        if code != NoError.errno:
            found[error.message] = error
            found[error.__name__.removesuffix("Error").upper()] = error
    return found | {name: kafka_errors[code] for name, code in _NEWER_NAMES.items()}


def instead(name: str, known: Iterable[str]) -> str:
    """Return a hint at the names that are like *name*, or nothing."""
    close = get_close_matches(name, known, n=3)
    return f"; did you mean {' or '.join(close)}?" if close else ""

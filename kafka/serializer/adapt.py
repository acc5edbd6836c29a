"""One calling form for everything that users may hand in as a serializer or deserializer.

Decided once, when the client is made, by what the object has and by its signature. A TypeError
raised by the user's code is therefore never taken for a wrong number of arguments.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kafka._base.arity import arity_of

if TYPE_CHECKING:
    from collections.abc import Callable

    # (topic, headers, data); Any: the data are the user's.
    Conversion = Callable[[str, list[tuple[str, bytes | None]], Any], Any]


def adapt_serializer(given: object, *, option: str = "value_serializer") -> Conversion | None:
    """Return *given* as a callable of (topic, headers, data).

    Args:
        given: ``None``; an object with a method ``serialize`` of (topic, headers, data),
            (topic, data) or (data); or a callable of (data).
        option: name of the option it was given for, used in errors.

    Returns:
        The callable, or ``None`` if keys or values are bytes already and no call is needed.

    Raises:
        TypeError: *given* is none of these.
    """
    return _adapt(given, "serialize", option)


def adapt_deserializer(given: object, *, option: str = "value_deserializer") -> Conversion | None:
    """Return *given* as a callable of (topic, headers, data).

    Args:
        given: ``None``; an object with a method ``deserialize`` of (topic, headers, data),
            (topic, data) or (data); or a callable of (data).
        option: name of the option it was given for, used in errors.

    Returns:
        The callable, or ``None`` if bytes are wanted and no call is needed.

    Raises:
        TypeError: *given* is none of these.
    """
    return _adapt(given, "deserialize", option)


def _adapt(given: object, method_name: str, option: str) -> Conversion | None:
    if given is None:
        return None
    method = getattr(given, method_name, None)
    if callable(method):
        if isinstance(given, type):
            raise TypeError(f"{option} is the class {given.__name__}; an instance is needed")
        return _by_arity(method, f"{option}: {type(given).__name__}.{method_name}")
    if callable(given):
        function = given
        return lambda _topic, _headers, data: function(data)
    raise TypeError(
        f"{option} must be a callable or have a method {method_name}(), "
        f"not {type(given).__name__} ({given!r})"
    )


# Any: the user's method.
def _by_arity(method: Callable[..., Any], where: str) -> Conversion:
    arity = arity_of(method)
    if arity.accepts(3):
        return method
    if arity.accepts(2):
        return lambda topic, _headers, data: method(topic, data)
    if arity.accepts(1):
        return lambda _topic, _headers, data: method(data)
    raise TypeError(f"{where} must take (topic, headers, data), (topic, data) or (data)")

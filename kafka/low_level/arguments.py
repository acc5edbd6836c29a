"""What programs hand over to `KafkaClient` and `BrokerConnection`, checked where it is handed over.

Values that cannot work would fail later otherwise, on the thread of the client.
"""

from __future__ import annotations

from socket import AF_INET, AF_INET6, AF_UNSPEC
from typing import Final

from kafka.future import Future

_FAMILIES: Final = {AF_UNSPEC: "AF_UNSPEC", AF_INET: "AF_INET", AF_INET6: "AF_INET6"}
_MAX_PORT: Final = 65535


def seconds_of(name: str, value: float | None, *, none: float | None = None) -> float:
    """Return a number of seconds.

    Args:
        name: of the argument.
        value: of the argument.
        none: what ``None`` means; by default it is refused.

    Raises:
        TypeError: *value* is no number.
    """
    if value is None and none is not None:
        return none
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{name} must be a number, not {type(value).__name__}")
    return value


def from_ms(name: str, value: float | None, *, none: float | None = None) -> float:
    """Return a number of milliseconds in seconds; arguments and errors as those of `seconds_of`."""
    return none if value is None and none is not None else seconds_of(name, value) / 1000


def check_future(value: object) -> None:
    """Raise a `TypeError` unless *value* is a future or ``None``."""
    if not isinstance(value, Future | None):
        raise TypeError(f"future must be a Future, not {type(value).__name__}")


def address_of(host: str, port: int | str, afi: int) -> tuple[str, int, int]:
    """Return the address of a broker and the address family to use.

    Raises:
        TypeError: one of them is of a wrong type.
        ValueError: there is no such port, or no such family in Kafka.
    """
    if not isinstance(host, str):
        raise TypeError(f"host must be text, not {type(host).__name__}")
    if not host:
        raise ValueError("host is empty; it must be a name or an address")
    number = int(port) if isinstance(port, str) and port.isdecimal() else port
    if isinstance(number, bool) or not isinstance(number, int):
        raise TypeError(f"port must be a number, not {port!r}")
    if not 1 <= number <= _MAX_PORT:
        raise ValueError(f"port must be from 1 to {_MAX_PORT}, not {port}")
    if afi not in _FAMILIES:
        raise ValueError(f"afi must be one of socket's {', '.join(_FAMILIES.values())}, not {afi}")
    return host, number, afi

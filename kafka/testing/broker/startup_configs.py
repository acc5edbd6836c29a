"""The configs that a test gives a cluster or a topic: names checked, values as text.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.errors import InvalidConfigurationError
from kafka.testing.broker.broker_configs import BROKER_CONFIGS
from kafka.testing.broker.config_values import parse_value
from kafka.testing.broker.configs import BROKER_DEFAULTS, COARSER
from kafka.testing.broker.names import instead

if TYPE_CHECKING:
    from collections.abc import Mapping

    ConfigValue = str | int | float | bool

# Configs of one listener, and those that releases before 4.0 had.
_PREFIXES = ("listener.name.", "zookeeper.")
_OLDER = frozenset({"inter.broker.protocol.version", "log.message.format.version"})
_STAND_INS = frozenset(name for names in COARSER.values() for name, _ in names)


def broker_configs(configs: Mapping[str, ConfigValue]) -> dict[str, str]:
    """Return broker configs as a broker keeps them.

    Raises:
        ValueError: there is no such config, or its value is not valid.
        TypeError: a value is neither text, number nor boolean.
    """
    found = {}
    for name, value in texts(configs).items():
        row = BROKER_CONFIGS.get(name)
        if row is None:
            _check_name(name)
            found[name] = value
            continue
        try:
            found[name] = parse_value(
                name, value, row.kind, lowest=row.lowest, highest=row.highest, allowed=row.allowed
            )
        except InvalidConfigurationError as error:
            raise ValueError(", ".join(error.args)) from None
    return found


def _check_name(name: str) -> None:
    known = {*BROKER_DEFAULTS, *_STAND_INS, *_OLDER}
    if name not in known and not name.startswith(_PREFIXES):
        hint = instead(name, {*known, *BROKER_CONFIGS})
        raise ValueError(f"there is no broker config {name!r}{hint}")


def texts(configs: Mapping[str, ConfigValue]) -> dict[str, str]:
    """Return configs with their values as Kafka writes them: ``1000`` and ``true``.

    Raises:
        TypeError: a value is neither text, number nor boolean.
    """
    return {name: _text(name, value) for name, value in configs.items()}


def _text(name: str, value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (str, int, float)):
        return str(value)
    raise TypeError(f"the value of {name} is a text, a number or a boolean, not {value!r}")

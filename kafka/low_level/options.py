"""The options of `KafkaClient` and `BrokerConnection`, as kafka-python 2.x takes them.

Here, and only here, an option that nobody knows is dropped with a warning: 2.x dropped it silently,
and programs pass the options of producers and consumers on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from kafka.config.network import NetworkConfig
from kafka.config.option import at_least, ignored, option, warn_user

if TYPE_CHECKING:
    from collections.abc import Mapping


class LowLevelConfig(NetworkConfig):
    """Options of connections and metadata, with the defaults of kafka-python 2.x."""

    DROPPED: ClassVar[Mapping[str, str]] = {
        **NetworkConfig.DROPPED,
        "client_software_name": "brokers are told the name of this package",
        "client_software_version": "brokers are told the version of this package",
        "wakeup_timeout_ms": "waking up does not block",
    }

    bootstrap_timeout_ms: float = option(
        2000,
        at_least(1),
        "Time to find a first broker, in ms.",
        old_names=("api_version_auto_timeout_ms",),
    )
    metric_group_prefix: str = ignored("", "no metrics are kept")
    metrics: Any = ignored(None, "no metrics are kept")  # Any: `kafka.metrics.Metrics` or another
    node_id: Any = ignored(0, "the address is enough")  # Any: kafka-python has numbers and text
    state_change_callback: Any = ignored(None, "see the method connected()")  # Any: callable


def options_of(client: str, configs: Mapping[str, object]) -> LowLevelConfig:
    """Return the checked options; warn of those that nobody knows.

    Args:
        client: name of the class, for the warning.
        configs: the keyword arguments.
    """
    known = {name: value for name, value in configs.items() if _is_known(name)}
    unknown = [name for name in configs if name not in known]
    if unknown:
        names = ", ".join(unknown)
        warn_user(f"{client} does not know these options and drops them: {names}", UserWarning)
    return LowLevelConfig.from_kwargs(known)


def _is_known(name: str) -> bool:
    options = LowLevelConfig.OPTIONS
    return (
        name in options
        or name in LowLevelConfig.DROPPED
        or any(name in found.old_names for found in options.values())
    )

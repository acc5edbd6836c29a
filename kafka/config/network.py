"""Options of connections and metadata, shared by all clients."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from kafka._base.backoff import ExponentialBackoff
from kafka._base.logs import logger
from kafka.config.addresses import bootstrap_list
from kafka.config.option import (
    at_least,
    ignored,
    int32,
    one_of,
    option,
    seconds,
    unbuilt,
    warn_user,
)
from kafka.config.security import SecurityConfig
from kafka.errors import KafkaConfigurationError
from kafka.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

log = logger(__name__)

# IPPROTO_TCP and TCP_NODELAY have these numbers everywhere; the socket module is slow to import.
TCP_NODELAY = (6, 1, 1)


def _version_tuple(value: object) -> tuple[int, ...] | None:
    if isinstance(value, str):
        if value == "auto":
            warn_user("api_version='auto' is the default: leave it out")
            return None
        if not all(part.isdigit() for part in value.split(".")):
            raise ValueError("must be a tuple such as (2, 8)")
        version = tuple(map(int, value.split(".")))
        warn_user(f"api_version={value!r}: a tuple is expected, {version}")
        return version
    if not isinstance(value, tuple):
        raise TypeError("must be a tuple such as (2, 8)")
    if not value or not all(isinstance(part, int) and part >= 0 for part in value):
        raise ValueError("must be a tuple of numbers such as (2, 8)")
    return value


def _socket_options(value: Iterable[tuple[int, int, int | bytes]]) -> list[tuple[int, ...]]:
    options = [tuple(entry) for entry in value]
    if any(len(entry) != 3 for entry in options):
        raise ValueError("must be a list of (level, name, value)")
    return options  # type: ignore[return-value]  # the value may be bytes, as setsockopt allows


class NetworkConfig(SecurityConfig):
    """Options of connections and metadata."""

    DROPPED: ClassVar[Mapping[str, str]] = {
        "sock_chunk_bytes": "the size of reads follows the data",
        "sock_chunk_buffer_count": "the size of reads follows the data",
        "bootstrap_topics_filter": "bootstrap asks for no topics",
    }

    bootstrap_servers: list[str] = option(
        "localhost",
        bootstrap_list,
        "Brokers to ask first, as ``host:port``: a list, or one string separated by commas. "
        "The port is 9092 if left out; an IPv6 address with a port needs brackets.",
        takes="str | Sequence[str]",
    )
    client_id: str = option(
        f"kafka-python-{__version__}", None, "Name of this client in the brokers' logs and quotas."
    )
    request_timeout_ms: float = option(
        30000, at_least(1), "Time for the answer to one request, in ms."
    )
    retry_backoff_ms: float = option(
        100, at_least(0), "Wait before the first retry of a request, in ms (KIP-580)."
    )
    retry_backoff_max_ms: float = option(
        1000,
        at_least(0),
        "Longest wait before a retry, in ms; the wait doubles up to it (KIP-580).",
    )
    reconnect_backoff_ms: float = option(
        50, at_least(0), "Wait before connecting to the same broker again, in ms (KIP-144)."
    )
    reconnect_backoff_max_ms: float = option(
        30000, at_least(0), "Longest wait before connecting again, in ms (KIP-144)."
    )
    socket_connection_setup_timeout_ms: float = option(
        10000,
        at_least(1),
        "Time for one attempt to connect, in ms (KIP-601); ``request_timeout_ms`` if that is less.",
    )
    socket_connection_setup_timeout_max_ms: float = option(
        30000, at_least(1), "Longest time for one attempt after several failed, in ms (KIP-601)."
    )
    connections_max_idle_ms: float = option(
        540000, at_least(1), "Close a connection not used for this long, in ms."
    )
    max_in_flight_requests_per_connection: int = option(
        5, at_least(1), "Requests sent to one broker without waiting for answers."
    )
    receive_message_max_bytes: int = option(
        100000000, at_least(1), "Largest response accepted, in bytes."
    )
    receive_buffer_bytes: int | None = option(
        None, int32(-1), "Size of the sockets' receive buffers, in bytes; None: the system's."
    )
    send_buffer_bytes: int | None = option(
        None, int32(-1), "Size of the sockets' send buffers, in bytes; None: the system's."
    )
    socket_options: list[tuple[int, int, int | bytes]] = option(
        [TCP_NODELAY],
        _socket_options,
        "Arguments of ``socket.setsockopt``, for each connection.",
        takes="Iterable[tuple[int, int, int | bytes]]",
    )
    metadata_max_age_ms: float = option(
        300000, at_least(0), "Fetch cluster metadata again after this long, in ms."
    )
    metadata_recovery_strategy: str = option(
        "rebootstrap",
        one_of("rebootstrap", "none"),
        "What to do when no known broker can be reached: ``rebootstrap`` starts again from "
        "``bootstrap_servers`` (KIP-899), ``none`` keeps trying the known ones.",
    )
    metadata_recovery_rebootstrap_trigger_ms: float = option(
        300000,
        at_least(0),
        "Start again from ``bootstrap_servers`` when no metadata could be "
        "fetched for this long, in ms (KIP-1102).",
    )
    allow_auto_create_topics: bool = option(
        True, None, "Let brokers create a topic that is asked for and missing (KIP-361)."
    )
    client_dns_lookup: str = option(
        "use_all_dns_ips",
        one_of("use_all_dns_ips", "resolve_canonical_bootstrap_servers_only"),
        "``use_all_dns_ips`` tries every address of a name (KIP-302); "
        "``resolve_canonical_bootstrap_servers_only`` replaces the bootstrap names by the "
        "canonical names of their addresses (KIP-235).",
    )
    bootstrap_timeout_ms: float = option(
        30000,
        at_least(1),
        "Time to find a first broker, in ms.",
        old_names=("api_version_auto_timeout_ms",),
    )
    api_version: tuple[int, ...] | None = option(
        None, _version_tuple, "Broker version to assume, e.g. ``(2, 8)``; None: ask each broker."
    )
    proxy_url: str | None = unbuilt(
        None, "connecting through a proxy", "Proxy to connect through.", secret=True
    )
    socks5_proxy: str | None = unbuilt(
        None, "connecting through a proxy", "SOCKS 5 proxy.", secret=True
    )
    selector: object = ignored(None, "connections are run by asyncio")
    kafka_client: object = ignored(None, "there is one network client")
    net: object = ignored(None, "there is one network layer")

    request_timeout = seconds("request_timeout_ms")
    retry_backoff = seconds("retry_backoff_ms")
    retry_backoff_max = seconds("retry_backoff_max_ms")
    reconnect_backoff = seconds("reconnect_backoff_ms")
    reconnect_backoff_max = seconds("reconnect_backoff_max_ms")
    connection_setup_timeout = seconds("socket_connection_setup_timeout_ms")
    connection_setup_timeout_max = seconds("socket_connection_setup_timeout_max_ms")
    connections_max_idle = seconds("connections_max_idle_ms")
    metadata_max_age = seconds("metadata_max_age_ms")
    metadata_recovery_rebootstrap_trigger = seconds("metadata_recovery_rebootstrap_trigger_ms")
    bootstrap_timeout = seconds("bootstrap_timeout_ms")

    def network(self) -> NetworkConfig:
        """Return the options that the network layer needs."""
        return self.slice(NetworkConfig)

    def without_version(self) -> NetworkConfig:
        """Return the same, but ask brokers for their versions in any case."""
        part = self.network()
        part._put("api_version", None)  # noqa: SLF001 - of its own class
        return part

    @property
    def backoff(self) -> ExponentialBackoff:
        """The back-off between two attempts of a request."""
        return ExponentialBackoff(self.retry_backoff, self.retry_backoff_max)

    @property
    def security(self) -> SecurityConfig:
        """The options of TLS and SASL."""
        return self.slice(SecurityConfig)

    def _settle(self, given: frozenset[str]) -> None:
        super()._settle(given)
        self._settle_maximum(given, "retry_backoff_ms", "retry_backoff_max_ms")
        self._settle_maximum(given, "reconnect_backoff_ms", "reconnect_backoff_max_ms")
        self._settle_maximum(
            given, "socket_connection_setup_timeout_ms", "socket_connection_setup_timeout_max_ms"
        )
        if self.request_timeout_ms >= self.connections_max_idle_ms:
            raise KafkaConfigurationError(
                f"connections_max_idle_ms={self.connections_max_idle_ms} must be larger than "
                f"request_timeout_ms={self.request_timeout_ms}, or connections with requests in "
                "flight would count as idle"
            )

    def _settle_maximum(self, given: frozenset[str], name: str, maximum: str) -> None:
        """Let a maximum not given follow a larger start value; warn of one that was given."""
        start = getattr(self, name)
        if getattr(self, maximum) >= start:
            return
        if maximum not in given:
            self._put(maximum, start)
            return
        # KIP-580: then the delay is constant, without jitter.
        log.warning(
            "%s=%s is below %s=%s: %s ms is used at every attempt",
            maximum,
            getattr(self, maximum),
            name,
            start,
            getattr(self, maximum),
        )

"""Option names of librdkafka and Java, and what they are called here.  Pure.

For error messages only: no option is accepted under a foreign name, because values differ too
(units, booleans as text).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

_HERE: Final[Mapping[str, str]] = {
    "auto.commit.enable": "enable_auto_commit",
    "batch.num.messages": "batch_size (in bytes)",
    "compression.codec": "compression_type",
    "compression.level": "compression_gzip_level, compression_lz4_level or compression_zstd_level",
    "dr_cb": "add_callback() of the future that send() returns",
    "dr_msg_cb": "add_callback() of the future that send() returns",
    "enable.auto.offset.store": "nothing: commit() the offsets that you mean",
    "enable.partition.eof": "nothing: current_lag() is 0 at the end",
    "enable.ssl.certificate.verification": "ssl_context",
    "fetch.message.max.bytes": "max_partition_fetch_bytes",
    "fetch.wait.max.ms": "fetch_max_wait_ms",
    "log_level": "the level of the logger 'kafka'",
    "max.in.flight": "max_in_flight_requests_per_connection",
    "message.max.bytes": "max_request_size",
    "message.send.max.retries": "retries",
    "message.timeout.ms": "delivery_timeout_ms",
    "metadata.broker.list": "bootstrap_servers",
    "oauth_cb": "sasl_oauth_token_provider",
    "on_delivery": "add_callback() of the future that send() returns",
    "queue.buffering.max.kbytes": "buffer_memory (in bytes)",
    "queue.buffering.max.messages": "buffer_memory (in bytes)",
    "queue.buffering.max.ms": "linger_ms",
    "queued.max.messages.kbytes": "max_buffered_bytes (in bytes)",
    "queued.min.messages": "max_buffered_bytes (in bytes)",
    "request.required.acks": "acks",
    "sasl.mechanisms": "sasl_mechanism",
    "sasl.password": "sasl_plain_password",
    "sasl.username": "sasl_plain_username",
    "socket.nagle.disable": "socket_options",
    "socket.receive.buffer.bytes": "receive_buffer_bytes",
    "socket.send.buffer.bytes": "send_buffer_bytes",
    "socket.timeout.ms": "request_timeout_ms",
    "ssl.ca.location": "ssl_cafile",
    "ssl.certificate.location": "ssl_certfile",
    "ssl.cipher.suites": "ssl_ciphers",
    "ssl.crl.location": "ssl_crlfile",
    "ssl.endpoint.identification.algorithm": "ssl_check_hostname",
    "ssl.key.location": "ssl_keyfile",
    "ssl.key.password": "ssl_password",
    "statistics.interval.ms": "metrics() of the client",
    "stats_cb": "metrics() of the client",
    "topic.metadata.refresh.interval.ms": "metadata_max_age_ms",
}
# So many names of a dict are explained in one message.
_SHOWN: Final = 5


def name_here(name: str, options: Collection[str]) -> str | None:
    """Return what the option *name* of another client is called here, ``None`` if it has no name.

    Args:
        name: such as ``bootstrap.servers``.
        options: the names that the client has.
    """
    if name in _HERE:
        return _HERE[name]
    spelled = name.replace(".", "_")
    return spelled if spelled != name and spelled in options else None


def refuse_positional(client: str, given: Iterable[object], options: Collection[str]) -> None:
    """Raise for options that were not given as keywords.

    Args:
        client: name of the class, for the error.
        given: the positional arguments that should have been keywords.
        options: the names that the client has.

    Raises:
        TypeError: there are some; it says what to write instead, and shows no value.
    """
    for argument in given:
        if not isinstance(argument, Mapping):
            raise TypeError(
                f"{client} takes options as keywords, such as "
                f"{client}(bootstrap_servers='localhost:9092'), not {type(argument).__name__} "
                f"as a positional argument"
            )
        names = [name for name in argument if isinstance(name, str)]
        foreign = [f"{name} is {here}" for name in names if (here := name_here(name, options))]
        hint = ", ".join(foreign[:_SHOWN]) or f"{client}(**options) passes a dict on"
        raise TypeError(f"{client} takes no dict of options: use keywords; {hint}")

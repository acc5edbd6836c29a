"""The options of ``python -m kafka.testing``, and the cluster that they ask for."""

from __future__ import annotations

import argparse
import ssl
from typing import TYPE_CHECKING, NoReturn

from kafka.testing.broker.advertised import reachable_host
from kafka.testing.broker.security.listeners import MECHANISMS, Listener
from kafka.testing.broker.versions import RELEASES
from kafka.testing.embedded import EmbeddedCluster

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import ExitStack

_PORTS = 1 << 16
_LOOPBACK = "127.0.0.1"
_BY_PASSWORD = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")


class _Parser(argparse.ArgumentParser):
    """Tells an error in one line, without the usage."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, and end with status 2."""
        self.exit(2, f"{self.prog}: error: {message} (--help names the options)\n")


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    found = _Parser(
        prog="kafka-testing",
        description="An embedded Kafka cluster, in memory, for clients in any language.",
    )
    _add_addresses(found)
    _add_contents(found)
    _add_security(found)
    return found


def _add_addresses(found: argparse.ArgumentParser) -> None:
    found.add_argument(
        "--host",
        type=_host,
        default=_LOOPBACK,
        help="address to listen at; 0.0.0.0 or :: for all of this machine (%(default)s)",
    )
    found.add_argument(
        "--advertised-host",
        type=_host,
        help="name or address that clients are told; --host, or an address of this machine if "
        "that stands for all",
    )
    found.add_argument(
        "--port",
        type=_port,
        default=9092,
        help="of the first broker, the others get the ports after it; 0: free ones (%(default)s)",
    )
    found.add_argument("--brokers", type=_positive, default=1, help="how many (%(default)s)")
    found.add_argument(
        "--rack",
        action="append",
        default=[],
        metavar="NAME",
        help="of a broker; give it once for each of them, in order",
    )


def _add_contents(found: argparse.ArgumentParser) -> None:
    found.add_argument(
        "--version",
        choices=RELEASES,
        default="4.4",
        help="release of Apache Kafka to speak like (%(default)s)",
    )
    found.add_argument(
        "--topic",
        action="append",
        default=[],
        type=_topic,
        metavar="NAME[:PARTITIONS[:REPLICAS]]",
        help="topic to create; may be repeated",
    )
    found.add_argument(
        "--config",
        action="append",
        default=[],
        type=_setting,
        metavar="NAME=VALUE",
        help="broker config, e.g. auto.create.topics.enable=false; may be repeated",
    )
    found.add_argument(
        "--loop",
        choices=("auto", "asyncio", "uvloop"),
        default="auto",
        help="event loop to run on; auto is uvloop, the faster one, if installed (%(default)s)",
    )
    found.add_argument("--seed", type=int, default=0, help="of the topic ids (%(default)s)")
    found.add_argument(
        "--telemetry", action="store_true", help="advertise the APIs to which clients push metrics"
    )


def _add_security(found: argparse.ArgumentParser) -> None:
    found.add_argument(
        "--user",
        action="append",
        default=[],
        type=_user,
        metavar="NAME:PASSWORD",
        help="user who may log in by SASL; may be repeated",
    )
    found.add_argument(
        "--sasl",
        action="append",
        default=[],
        choices=MECHANISMS,
        help="mechanism to offer; may be repeated; with --user alone, those with passwords",
    )
    found.add_argument(
        "--tls",
        action="store_true",
        help="serve TLS with a certificate made for this run (needs the package cryptography)",
    )
    found.add_argument("--tls-certificate", metavar="FILE", help="serve TLS with this chain (PEM)")
    found.add_argument("--tls-key", metavar="FILE", help="its private key (PEM)")
    found.add_argument(
        "--tls-client-ca", metavar="FILE", help="clients need a certificate of this authority"
    )
    found.add_argument(
        "--acl",
        action="append",
        default=[],
        type=_acl,
        metavar="PRINCIPAL,OPERATION,RESOURCE",
        help="allow something, e.g. User:alice,READ,topic:orders, and forbid what no ACL allows; "
        "may be repeated",
    )
    found.add_argument(
        "--super-user",
        action="append",
        default=[],
        metavar="NAME",
        help="user who may do everything; may be repeated; ACLs are checked then",
    )


# -- values ---------------------------------------------------------------------------------------


def _number(text: str, valid: Callable[[int], bool], what: str) -> int:
    if not (text.isascii() and text.isdecimal()) or not valid(int(text)):
        raise argparse.ArgumentTypeError(f"{text!r} is not {what}")
    return int(text)


def _port(text: str) -> int:
    return _number(text, lambda port: port < _PORTS, "a port, 0 to 65535")


def _positive(text: str) -> int:
    return _number(text, lambda number: number > 0, "a number of 1 or more")


def _host(text: str) -> str:
    host = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    if not host or any(char.isspace() for char in host) or "/" in host:
        raise argparse.ArgumentTypeError(f"{text!r} is not a name or an address")
    if host.count(":") == 1:
        raise argparse.ArgumentTypeError(f"{text!r}: give the port with --port")
    return host


def _topic(text: str) -> tuple[str, int, int]:
    name, *numbers = text.split(":")
    if len(numbers) > 2:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME[:PARTITIONS[:REPLICAS]]")
    partitions = _positive(numbers[0]) if numbers else 1
    return name, partitions, _positive(numbers[1]) if len(numbers) > 1 else -1


def _setting(text: str) -> tuple[str, str]:
    name, found, value = text.partition("=")
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def _user(text: str) -> tuple[str, str]:
    name, found, password = text.partition(":")
    if not (name and found):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME:PASSWORD")
    return name, password


def _acl(text: str) -> tuple[str, str, str]:
    words = text.split(",")
    if len(words) != 3:
        raise argparse.ArgumentTypeError(f"{text!r} is not PRINCIPAL,OPERATION,RESOURCE")
    return words[0], words[1], words[2]


# -- the cluster ----------------------------------------------------------------------------------


def cluster_of(options: argparse.Namespace, stack: ExitStack) -> EmbeddedCluster:
    """Return the cluster that *options* ask for, not started.

    Args:
        options: of `parser`.
        stack: closes what lives as long as the cluster.

    Raises:
        ValueError: options contradict each other, or a value is not valid.
        ImportError: an option needs a package that is missing.
    """
    last = options.port + options.brokers - 1
    if options.port and last >= _PORTS:
        raise ValueError(
            f"{options.brokers} brokers from port {options.port} on need port {last}; the last is "
            f"{_PORTS - 1}"
        )
    if options.rack and len(options.rack) != options.brokers:
        raise ValueError(f"{options.brokers} brokers need as many --rack, not {len(options.rack)}")
    if options.sasl and not options.user and options.sasl != ["OAUTHBEARER"]:
        raise ValueError("--sasl needs a --user who can log in")
    first = options.port
    return EmbeddedCluster(
        options.brokers,
        ports=[first + node if first else 0 for node in range(options.brokers)],
        version=options.version,
        config=_config(options),
        racks=options.rack or None,
        host=options.host,
        advertised_host=options.advertised_host,
        listeners=[_listener(options, stack)],
        users=dict(options.user),
        seed=options.seed,
        telemetry=options.telemetry,
    )


def _config(options: argparse.Namespace) -> dict[str, str]:
    config: dict[str, str] = dict(options.config)
    if options.acl or options.super_user:
        config.setdefault("authorizer.class.name", "StandardAuthorizer")
    if options.super_user:
        config["super.users"] = ";".join(f"User:{name}" for name in options.super_user)
    return config


def _listener(options: argparse.Namespace, stack: ExitStack) -> Listener:
    mechanisms = tuple(options.sasl) or (_BY_PASSWORD if options.user else ())
    unnamed = Listener(tls=_tls(options, stack), mechanisms=mechanisms)
    return unnamed._replace(name=unnamed.protocol)


def _tls(options: argparse.Namespace, stack: ExitStack) -> ssl.SSLContext | None:
    files = (options.tls_certificate, options.tls_key)
    if any(files) != all(files) or (options.tls and any(files)):
        raise ValueError("TLS takes --tls alone, or --tls-certificate and --tls-key together")
    if options.tls:
        context = _own_certificate(options, stack)
    elif all(files):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        _load(lambda: context.load_cert_chain(*files), " and ".join(files))
    elif options.tls_client_ca:
        raise ValueError("--tls-client-ca needs TLS: --tls, or --tls-certificate and --tls-key")
    else:
        return None
    if options.tls_client_ca:
        context.verify_mode = ssl.CERT_REQUIRED
        _load(lambda: context.load_verify_locations(options.tls_client_ca), options.tls_client_ca)
    return context


def _load(load: Callable[[], None], files: str) -> None:
    try:
        load()
    except OSError as error:  # also ssl.SSLError: what is in a file is no certificate
        raise ValueError(f"cannot load {files}: {error.strerror or error}") from error


def _own_certificate(options: argparse.Namespace, stack: ExitStack) -> ssl.SSLContext:
    from kafka.testing.broker.security.certificates import (  # noqa: PLC0415 - optional
        CertificateAuthority,
    )

    authority = stack.enter_context(CertificateAuthority())
    told = options.advertised_host or reachable_host(options.host)
    print(f"ssl_cafile={authority.file}")
    return authority.server_context(hosts=(told,))


def set_up(cluster: EmbeddedCluster, options: argparse.Namespace) -> None:
    """Create the topics and ACLs of *options* in a cluster that runs.

    Raises:
        KafkaError: a topic cannot be created.
        ValueError: an ACL is not valid.
    """
    for name, partitions, replicas in options.topic:
        cluster.create_topic(name, partitions, replicas)
    for principal, operation, resource in options.acl:
        cluster.allow(principal, operation, resource)

"""``python -m kafka.testing``: an embedded cluster in a process of its own, for any client.

It keeps everything in memory, and loses it at the end. Ctrl-C and SIGTERM stop it.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
from typing import TYPE_CHECKING

from kafka.testing.broker.versions import RELEASES
from kafka.testing.embedded import EmbeddedCluster

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a cluster until a signal stops it.

    Args:
        arguments: words after ``python -m kafka.testing``; by default those of this process.

    Returns:
        The exit status, 0 after an orderly end, 1 if the cluster could not start.
    """
    options = _parser().parse_args(arguments)
    try:
        asyncio.run(_serve(_cluster(options)))
    except OSError as error:
        print(f"cannot listen at {options.host}, port {options.port} and following: {error}")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m kafka.testing", description=__doc__)
    parser.add_argument(
        "--port",
        type=_port,
        default=9092,
        help="of the first broker, the others get the ports after it; 0: free ones (%(default)s)",
    )
    parser.add_argument("--host", default="127.0.0.1", help="to listen at (%(default)s)")
    parser.add_argument("--brokers", type=_positive, default=1, help="how many (%(default)s)")
    parser.add_argument(
        "--version",
        choices=RELEASES,
        default="4.4",
        help="release of Apache Kafka to speak like (%(default)s)",
    )
    parser.add_argument(
        "--topic",
        action="append",
        default=[],
        type=_topic,
        metavar="NAME[:PARTITIONS]",
        help="topic to create; may be repeated",
    )
    parser.add_argument(
        "--config",
        action="append",
        default=[],
        type=_setting,
        metavar="NAME=VALUE",
        help="broker config, e.g. auto.create.topics.enable=false; may be repeated",
    )
    return parser


def _number(text: str, valid: Callable[[int], bool], what: str) -> int:
    if not text.isdecimal() or not valid(int(text)):
        raise argparse.ArgumentTypeError(f"{text!r} is not {what}")
    return int(text)


def _port(text: str) -> int:
    return _number(text, lambda port: port < 65536, "a port, 0 to 65535")


def _positive(text: str) -> int:
    return _number(text, lambda number: number > 0, "a number of 1 or more")


def _topic(text: str) -> tuple[str, int]:
    name, _, partitions = text.partition(":")
    return name, _positive(partitions or "1")


def _setting(text: str) -> tuple[str, str]:
    name, found, value = text.partition("=")
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def _cluster(options: argparse.Namespace) -> EmbeddedCluster:
    first = options.port
    return EmbeddedCluster(
        options.brokers,
        ports=[first + node if first else 0 for node in range(options.brokers)],
        version=options.version,
        topics=dict(options.topic),
        config=dict(options.config),
        host=options.host,
    )


async def _serve(cluster: EmbeddedCluster) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    async with cluster:
        print("bootstrap_servers=" + ",".join(cluster.bootstrap_servers), flush=True)
        await stopping.wait()


if __name__ == "__main__":
    raise SystemExit(main())

"""``python -m kafka.testing``: an embedded cluster in a process of its own, for any client.

It keeps everything in memory, and loses it at the end. Ctrl-C and SIGTERM stop it. Where uvloop is
installed it runs on that: most of a small request's time is the event loop's.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from contextlib import ExitStack
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

from kafka.errors import KafkaError
from kafka.testing.command_line import cluster_of, parser, set_up

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from kafka.testing.embedded import EmbeddedCluster


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a cluster until a signal stops it.

    Args:
        arguments: words after ``python -m kafka.testing``; by default those of this process.

    Returns:
        The exit status, 0 after an orderly end, 1 if the cluster could not start.
    """
    options = parser().parse_args(arguments)
    try:
        with ExitStack() as stack:
            cluster = cluster_of(options, stack)
            with asyncio.Runner(loop_factory=loop_factory(options.loop)) as runner:
                runner.run(_serve(cluster, options))
    except OSError as error:
        reason = error.strerror or error
        return _failed(f"cannot listen at {options.host}, port {options.port}: {reason}")
    except KafkaError as error:
        return _failed(", ".join(map(str, error.args)) or str(error))
    except (ValueError, TypeError, ImportError) as error:
        return _failed(str(error))
    return 0


def _failed(reason: str) -> int:
    print("kafka-testing: error: " + " ".join(reason.split()), file=sys.stderr)
    return 1


async def _serve(cluster: EmbeddedCluster, options: argparse.Namespace) -> None:
    stopping = asyncio.Event()
    on_signals(asyncio.get_running_loop(), stopping.set)
    async with cluster:
        set_up(cluster, options)
        print("bootstrap_servers=" + ",".join(cluster.bootstrap_servers), flush=True)
        await stopping.wait()


def loop_factory(name: str) -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return what makes the event loop called *name*; ``None`` is asyncio's own choice.

    Args:
        name: ``asyncio``, ``uvloop``, or ``auto`` for uvloop where it is installed.

    Raises:
        ImportError: uvloop is asked for and is not installed.
    """
    if name == "asyncio" or (name == "auto" and find_spec("uvloop") is None):
        return None
    try:
        factory: Callable[[], asyncio.AbstractEventLoop] = import_module("uvloop").new_event_loop
    except ImportError as error:
        raise ImportError(
            "--loop uvloop needs the package uvloop: pip install kafka-python[uvloop]"
        ) from error
    return factory


def on_signals(loop: asyncio.AbstractEventLoop, stop: Callable[[], object]) -> None:
    """Call *stop* on *loop* when the process is to end: for Ctrl-C, SIGTERM, Ctrl-Break."""
    numbers = [signal.SIGINT, signal.SIGTERM]
    if sys.platform == "win32":
        numbers.append(signal.SIGBREAK)
    for number in numbers:
        try:
            loop.add_signal_handler(number, stop)
        except NotImplementedError:
            # The loops of Windows have no such thing, but they wake for a handler of Python's own.
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop))


if __name__ == "__main__":
    raise SystemExit(main())

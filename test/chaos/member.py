"""A member that may be killed at any time: ``python -m test.chaos.member SERVERS TOPIC PROTOCOL``.

It prints a line for each record, with the time: "<seconds> <partition> <number>". A record is
printed before the next poll, so before it can be committed. SIGTERM ends it in order. It goes with
the process that started it, which holds the other end of its standard input.
"""

from __future__ import annotations

import logging
import signal
import sys
import threading
import time
from typing import Any

from kafka import KafkaConsumer
from kafka.errors import WakeupError
from test.chaos.parent import go_with_the_parent
from test.chaos.settings import HEARTBEAT, SESSION

# Any: options of every type.
_OPTIONS: dict[str, dict[str, Any]] = {
    "classic": {"session_timeout_ms": SESSION * 1000, "heartbeat_interval_ms": HEARTBEAT * 1000},
    # The brokers' settings say it for this protocol.
    "consumer": {},
}


def main(servers: str, topic: str, protocol: str) -> None:
    """Read until SIGTERM."""
    threading.Thread(target=go_with_the_parent, daemon=True).start()
    with KafkaConsumer(
        topic,
        bootstrap_servers=servers.split(","),
        group_id="chaos",
        group_protocol=protocol,
        auto_offset_reset="earliest",
        auto_commit_interval_ms=500,
        **_OPTIONS[protocol],
    ) as reader:
        signal.signal(signal.SIGTERM, lambda *_: reader.wakeup())
        try:
            while True:
                for tp, records in reader.poll(1000).items():
                    now = time.monotonic()
                    lines = [f"{now} {tp.partition} {int(record.value)}\n" for record in records]
                    sys.stdout.write("".join(lines))
                sys.stdout.flush()
        except WakeupError:
            pass


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    main(*sys.argv[1:])

"""A program that sends numbers: ``python -m test.chaos.sending SERVERS TOPIC COUNT RATE OPTIONS``.

It prints "failed <number> <absent or unknown> <error>" for each record that failed, as the error
says, and at the end "sent <count> acked <count> failed <count>". The value of a record is its
number, the key is the number modulo 1000. *OPTIONS* are those of the producer, as JSON. It goes
with the process that started it, which holds the other end of its standard input.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
import time
from typing import TYPE_CHECKING, Final

from kafka import KafkaProducer
from kafka.errors import KafkaError, KafkaTimeoutError
from test.chaos.parent import go_with_the_parent

if TYPE_CHECKING:
    from kafka.producer.future import FutureRecordMetadata

KEYS: Final = 1000
_BURST: Final = 50
# Records without an outcome; with more of them, some would expire in the queue.
_MOST_OPEN: Final = 10_000


class _Outcomes:
    """Counts what became of records; any thread.

    Attributes:
        acked: how many were acknowledged.
        failed: how many failed.
    """

    def __init__(self) -> None:
        self.acked = 0
        self.failed = 0
        self._lock = threading.Lock()
        self._room = threading.Semaphore(_MOST_OPEN)

    def expect_one(self) -> None:
        """Wait until there are not too many records without an outcome."""
        self._room.acquire()

    def on_acked(self, _: object) -> None:
        """Count an acknowledged record."""
        with self._lock:
            self.acked += 1
        self._room.release()

    def on_failed(self, number: int, error: KafkaError) -> None:
        """Count a record that has failed, and print what its error says."""
        fate = "unknown" if error.may_be_written else "absent"
        with self._lock:
            self.failed += 1
            print(f"failed {number} {fate} {type(error).__name__}: {error}", flush=True)
        self._room.release()


def main(servers: str, topic: str, count: str, rate: str, options: str) -> None:
    """Send *count* records, at most *rate* of them in a second."""
    threading.Thread(target=go_with_the_parent, daemon=True).start()
    outcomes = _Outcomes()
    begun = time.monotonic()
    with KafkaProducer(bootstrap_servers=servers.split(","), **json.loads(options)) as producer:
        for number in range(int(count)):
            outcomes.expect_one()
            future = _send(producer, topic, number)
            future.add_callback(outcomes.on_acked)
            future.add_errback(outcomes.on_failed, number)
            if number % _BURST == 0:
                ahead = number / float(rate) - (time.monotonic() - begun)
                threading.Event().wait(max(ahead, 0.0))
    print(f"sent {count} acked {outcomes.acked} failed {outcomes.failed}", flush=True)


def _send(producer: KafkaProducer, topic: str, number: int) -> FutureRecordMetadata:
    while True:
        try:
            return producer.send(topic, b"%d" % number, b"%d" % (number % KEYS))
        except KafkaTimeoutError as error:
            # The buffer was full for so long: this record was not taken.
            logging.getLogger(__name__).warning("again: %s", error)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    main(*sys.argv[1:])

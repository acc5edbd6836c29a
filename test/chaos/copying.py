"""A worker that copies a topic in transactions: ``python -m test.chaos.copying WORDS``.

The words are the servers, the topic that it reads, the topic that it writes, and its transactional
id. It may be killed at any time; SIGTERM ends it in order. After an error that its producer does
not survive it ends with 3, to be started again. It goes with the process that started it, which
holds the other end of its standard input.
"""

from __future__ import annotations

import logging
import signal
import sys
import threading
from typing import Final

from kafka import KafkaConsumer, KafkaProducer
from kafka.errors import CommitFailedError, KafkaError, TransactionAbortableError, WakeupError
from test.chaos.parent import go_with_the_parent
from test.chaos.settings import SESSION

#: What it ends with when it has to be started again.
AGAIN: Final = 3
GROUP: Final = "copying"
_REQUEST_TIMEOUT_MS: Final = 5000

log = logging.getLogger("copying")


def main(servers: str, source: str, target: str, name: str) -> int:
    """Copy until SIGTERM."""
    threading.Thread(target=go_with_the_parent, daemon=True).start()
    with (
        KafkaConsumer(
            source,
            bootstrap_servers=servers.split(","),
            group_id=GROUP,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            isolation_level="read_committed",
            session_timeout_ms=SESSION * 1000,
        ) as consumer,
        KafkaProducer(
            bootstrap_servers=servers.split(","),
            transactional_id=name,
            request_timeout_ms=_REQUEST_TIMEOUT_MS,
            transaction_timeout_ms=15_000,
        ) as producer,
    ):
        signal.signal(signal.SIGTERM, lambda *_: consumer.wakeup())
        try:
            producer.init_transactions()
            while True:
                _copy(consumer, producer, target)
        except WakeupError:
            return 0
        except KafkaError:
            log.exception("this worker cannot go on")
            return AGAIN


def _copy(consumer: KafkaConsumer, producer: KafkaProducer, target: str) -> None:
    batches = consumer.poll(1000)
    if not batches:
        return
    try:
        with producer.transaction(consumer):
            for tp, records in batches.items():
                for record in records:
                    producer.send(target, record.value, record.key, partition=tp.partition)
    except (CommitFailedError, TransactionAbortableError) as error:
        log.warning("again: %s", error)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    sys.exit(main(*sys.argv[1:]))

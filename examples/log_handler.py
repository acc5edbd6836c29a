"""A logging handler that sends each line to a topic.

python examples/log_handler.py localhost:9092
"""

from __future__ import annotations

import logging
import sys

from kafka import KafkaProducer

SERVERS = sys.argv[1] if len(sys.argv) > 1 else "localhost:9092"


class KafkaHandler(logging.Handler):
    """Sends lines to *topic*; what cannot be sent is reported on stderr, as by other handlers."""

    def __init__(self, topic: str, servers: str) -> None:
        super().__init__()
        self._topic = topic
        self._producer = KafkaProducer(
            bootstrap_servers=servers,
            client_id="logs",
            linger_ms=100,
            compression_type="gzip",
            max_block_ms=5_000,
        )
        # The lines of the client itself are not sent: one about a failure would fail as well.
        self.addFilter(lambda record: not record.name.startswith("kafka"))

    def emit(self, record: logging.LogRecord) -> None:
        """Send one line, with its logger as the key."""
        try:
            line = self.format(record).encode()
            self._producer.send(self._topic, line, key=record.name.encode())
        except Exception:  # noqa: BLE001 - as logging's own handlers do
            self.handleError(record)

    def close(self) -> None:
        """Deliver what is left, for five seconds at most."""
        self._producer.close(5)
        super().close()


if __name__ == "__main__":
    handler = KafkaHandler("logs", SERVERS)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.getLogger("shop").info("the shop is open")
    logging.getLogger("shop.till").warning("till %d has no change", 3)
    logging.shutdown()
    print("2 lines sent")

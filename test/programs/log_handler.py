"""A shop that logs to Kafka, by a handler of the root logger: ``log_handler.py SERVERS``."""

import logging
import sys
import threading

from kafka import KafkaProducer


class KafkaHandler(logging.Handler):
    """Sends each line from DEBUG on, those of the producer itself as well."""

    def __init__(self, servers: str) -> None:
        super().__init__()
        self.producer = KafkaProducer(bootstrap_servers=servers)

    def emit(self, record: logging.LogRecord) -> None:
        """Send one line."""
        try:
            self.producer.send("logs", self.format(record).encode())
        except Exception:  # noqa: BLE001 - what the logging module asks of handlers
            self.handleError(record)

    def close(self) -> None:
        """Deliver what is left; the logging module calls it at the end of the program."""
        self.producer.close()
        super().close()


log = logging.getLogger("shop")


def serve(customer: int) -> None:
    """Log the orders of one customer."""
    for number in range(250):
        log.debug("customer %d orders book %d", customer, number)


def main() -> None:
    """Serve four customers at a time."""
    logging.basicConfig(
        level=logging.DEBUG, handlers=[KafkaHandler(sys.argv[1])], format="%(name)s: %(message)s"
    )
    customers = [threading.Thread(target=serve, args=(customer,)) for customer in range(4)]
    for thread in customers:
        thread.start()
    for thread in customers:
        thread.join()
    log.info("closed")
    print("served 4 customers")


if __name__ == "__main__":
    main()

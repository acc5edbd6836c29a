"""A consumer of a topic that nobody has: ``misspelt_topic.py SERVERS``."""

import logging
import sys

from kafka import KafkaConsumer


def main() -> None:
    """Count the orders, until none has come for some time."""
    logging.basicConfig()
    consumer = KafkaConsumer(
        "ordres",
        bootstrap_servers=sys.argv[1],
        auto_offset_reset="earliest",
        consumer_timeout_ms=10_000,
    )
    print("orders:", sum(1 for _ in consumer))
    consumer.close()


if __name__ == "__main__":
    main()

"""Send orders as JSON, read them back, and add them up.

python examples/json_orders.py localhost:9092
"""

from __future__ import annotations

import json
import sys
from collections import Counter

from kafka import KafkaConsumer, KafkaProducer

SERVERS = sys.argv[1] if len(sys.argv) > 1 else "localhost:9092"
TOPIC = "orders-json"

ORDERS = [
    {"customer": "ada", "item": "coffee", "cents": 350},
    {"customer": "bob", "item": "tea", "cents": 300},
    {"customer": "ada", "item": "cake", "cents": 480},
]


def send() -> None:
    """Send each order with its customer as the key, so that those of one stay in order."""
    with KafkaProducer(
        bootstrap_servers=SERVERS,
        key_serializer=str.encode,
        value_serializer=lambda order: json.dumps(order).encode(),
    ) as producer:
        for order in ORDERS:
            producer.send(TOPIC, key=str(order["customer"]), value=order)


def read() -> Counter[str]:
    """Return how much each customer has ordered, in cents."""
    totals: Counter[str] = Counter()
    with KafkaConsumer(
        TOPIC,
        bootstrap_servers=SERVERS,
        auto_offset_reset="earliest",
        consumer_timeout_ms=10_000,
        value_deserializer=json.loads,
    ) as consumer:
        for record in consumer:
            totals[record.value["customer"]] += record.value["cents"]
    return totals


if __name__ == "__main__":
    send()
    for customer, cents in sorted(read().items()):
        print(f"{customer}: {cents / 100:.2f}")

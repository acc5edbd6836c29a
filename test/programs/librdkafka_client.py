"""A client in C that is told one address and finds the cluster at another one.

``librdkafka_client.py SERVER``
"""

import sys

from confluent_kafka import Consumer, Producer


def main() -> None:
    """Send 30 orders and read them."""
    server = sys.argv[1]
    producer = Producer({"bootstrap.servers": server})
    brokers = producer.list_topics(timeout=30).brokers.values()
    print("brokers:", ",".join(sorted(f"{broker.host}:{broker.port}" for broker in brokers)))
    for number in range(30):
        producer.produce("orders", b"order %d" % number)
    assert producer.flush(30) == 0

    options = {"group.id": "billing", "auto.offset.reset": "earliest"}
    consumer = Consumer({"bootstrap.servers": server, **options})
    consumer.subscribe(["orders"])
    seen = set()
    while len(seen) < 30:
        message = consumer.poll(30)
        assert message is not None, "nothing came for 30 s"
        assert message.error() is None, message.error()
        seen.add(message.value())
    consumer.close()
    print("orders read:", len(seen))


if __name__ == "__main__":
    main()

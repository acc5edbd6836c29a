"""A report of a Christmas long ago, made with a frozen clock: ``frozen_time.py SERVERS``."""

import sys
from datetime import UTC, datetime

from freezegun import freeze_time

from kafka import KafkaConsumer, KafkaProducer

SERVERS = sys.argv[1]


@freeze_time("2012-12-24 18:00:00")
def send_presents() -> None:
    """Send all presents at one moment."""
    with KafkaProducer(bootstrap_servers=SERVERS, linger_ms=50) as producer:
        for name in (b"book", b"train", b"sledge"):
            producer.send("presents", name)
        producer.flush(timeout=30)
        print("last present:", producer.send("presents", b"candle").get(timeout=30).offset)


@freeze_time("2012-12-25 08:00:00", tick=True)
def unwrap() -> None:
    """Print when each of them was sent."""
    with KafkaConsumer(
        "presents",
        bootstrap_servers=SERVERS,
        auto_offset_reset="earliest",
        consumer_timeout_ms=30_000,
    ) as consumer:
        for record in consumer:
            sent = datetime.fromtimestamp(record.timestamp / 1000, UTC)
            print(f"{record.value.decode()}: {sent:%Y-%m-%d %H:%M}")
            if record.value == b"candle":
                return


if __name__ == "__main__":
    send_presents()
    unwrap()
    with KafkaProducer(bootstrap_servers=SERVERS) as producer:
        now = producer.send("presents", b"socks").get(timeout=30).timestamp / 1000
    print("and today again:", abs(now - datetime.now(UTC).timestamp()) < 3600)

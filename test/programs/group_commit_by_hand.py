"""A reader that commits each record by hand, and its death: ``group_commit_by_hand.py SERVERS``.

With a number as second argument it dies while it works on that record, without a word to anybody.
"""

import os
import subprocess
import sys

from kafka import KafkaConsumer, OffsetAndMetadata, TopicPartition


def read(servers: str, fatal: int | None) -> list[int]:
    """Return the offsets of what was read."""
    consumer = KafkaConsumer(
        "payments",
        bootstrap_servers=servers,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        group_id="my_group",
        max_poll_records=10,
        session_timeout_ms=6000,
        heartbeat_interval_ms=1000,
        consumer_timeout_ms=20_000,
    )
    offsets = []
    for message in consumer:
        if message.offset == fatal:
            os._exit(3)
        offsets.append(message.offset)
        consumer.commit()
        if message.value == b"last":
            break
    consumer.close()
    return offsets


def main() -> None:
    """Die once, and go on where the last commit was."""
    servers = sys.argv[1]
    if len(sys.argv) > 2:
        read(servers, int(sys.argv[2]))
    died = subprocess.run([sys.executable, __file__, servers, "25"], check=False)
    print("the first one ended with", died.returncode)
    offsets = read(servers, None)
    print(f"the second one read {offsets[0]} to {offsets[-1]}, {len(offsets)} payments")

    partition = TopicPartition("payments", 0)
    consumer = KafkaConsumer(bootstrap_servers=servers, group_id="my_group")
    print("committed:", consumer.committed(partition))
    consumer.assign([partition])
    consumer.commit({partition: OffsetAndMetadata(90, "again from here", -1)})
    print(
        "read again:", next(consumer).offset, consumer.committed(partition, metadata=True).metadata
    )
    consumer.close(autocommit=False)


if __name__ == "__main__":
    main()

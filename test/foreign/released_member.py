"""A group member that is the released kafka-python: ``released_member.py SERVERS TOPIC ASSIGNOR``.

It runs with that client's interpreter, so nothing of this project is imported. It prints the value
of each record, and ends in order when its standard input ends.
"""

import faulthandler
import sys
import threading

from kafka import KafkaConsumer
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor

ASSIGNORS = {"range": RangePartitionAssignor, "roundrobin": RoundRobinPartitionAssignor}


def main(servers: str, topic: str, assignor: str) -> None:
    """Read until standard input ends."""
    over = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
    consumer = KafkaConsumer(
        bootstrap_servers=servers.split(","),
        group_id=f"group-of-{topic}",
        auto_offset_reset="earliest",
        partition_assignment_strategy=[ASSIGNORS[assignor]],
    )
    # See `group` in released_program.py.
    consumer.partitions_for_topic(topic)
    consumer.subscribe([topic])
    while not over.is_set():
        for records in consumer.poll(timeout_ms=100).values():
            for record in records:
                print(record.value.decode(), flush=True)
    consumer.close()


if __name__ == "__main__":
    # One that hangs ends by telling where.
    faulthandler.dump_traceback_later(120, exit=True)
    main(*sys.argv[1:])

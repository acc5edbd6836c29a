"""Workers that keep offsets beside their results: ``group_listener.py SERVERS``."""

import sys
import threading

from kafka import ConsumerRebalanceListener, KafkaConsumer, TopicPartition


class Ledger:
    """What was done, and how far: a database in other programs."""

    def __init__(self) -> None:
        self.next: dict[TopicPartition, int] = {}
        self.done: list[bytes] = []
        self.changed = threading.Condition()

    def add(self, partition: TopicPartition, offset: int, value: bytes) -> None:
        """Keep a result together with the offset of the next task."""
        with self.changed:
            assert offset == self.next.get(partition, 0), f"{partition} at {offset}"
            self.next[partition] = offset + 1
            self.done.append(value)
            self.changed.notify_all()

    def wait_for(self, number: int) -> None:
        """Return when so many results are there."""
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.done) >= number, timeout=60)


class Worker(ConsumerRebalanceListener, threading.Thread):
    """One member, on a thread of its own."""

    def __init__(self, servers: str, ledger: Ledger) -> None:
        super().__init__()
        self.ledger = ledger
        self.owned: set[TopicPartition] = set()
        self.stopping = threading.Event()
        self.consumer = KafkaConsumer(
            bootstrap_servers=servers,
            group_id="workers",
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            max_poll_records=5,
            heartbeat_interval_ms=500,
        )
        self.consumer.subscribe(["tasks"], listener=self)

    def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """Go on where the ledger ends, whatever the group has committed."""
        for partition in assigned:
            self.consumer.seek(partition, self.ledger.next.get(partition, 0))
        self.owned |= assigned
        assert self.owned == self.consumer.assignment()

    def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Commit for those who look at the group's lag."""
        self.consumer.commit()
        self.owned -= revoked

    def run(self) -> None:
        """Work until `stopping` is set."""
        pause = threading.Event()
        with self.consumer:
            while not self.stopping.is_set():
                for partition, records in self.consumer.poll(timeout_ms=200).items():
                    assert partition in self.owned
                    for record in records:
                        self.ledger.add(partition, record.offset, record.value)
                        pause.wait(0.01)


def main() -> None:
    """Have a second worker come, and the first one go."""
    servers, ledger = sys.argv[1], Ledger()
    first, second = Worker(servers, ledger), Worker(servers, ledger)
    first.start()
    ledger.wait_for(100)
    second.start()
    ledger.wait_for(300)
    first.stopping.set()
    first.join()
    ledger.wait_for(600)
    second.stopping.set()
    second.join()
    print(len(ledger.done), "tasks done,", len(set(ledger.done)), "of them different")


if __name__ == "__main__":
    main()

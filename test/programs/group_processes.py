"""Workers in processes, restarted one by one while they work: ``group_processes.py SERVERS``."""

import multiprocessing
import signal
import sys
import threading
from collections import Counter

from kafka import KafkaConsumer, KafkaProducer


def work(servers: str) -> None:
    """Do tasks until SIGTERM comes; then commit and leave."""
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    producer = KafkaProducer(bootstrap_servers=servers)
    consumer = KafkaConsumer(
        "tasks",
        bootstrap_servers=servers,
        group_id="workers",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        max_poll_records=5,
        heartbeat_interval_ms=500,
    )
    with producer, consumer:
        while not stopping.is_set():
            for records in consumer.poll(timeout_ms=200).values():
                for record in records:
                    producer.send("results", b"done: " + record.value)
                    stopping.wait(0.005)
            producer.flush()
            consumer.commit()


def start(servers: str) -> multiprocessing.Process:
    """Start a worker."""
    worker = multiprocessing.Process(target=work, args=(servers,))
    worker.start()
    return worker


def main() -> None:
    """Start two workers, replace each by a new one, and count the results."""
    servers = sys.argv[1]
    multiprocessing.set_start_method("spawn")
    workers = [start(servers), start(servers)]
    results: Counter[bytes] = Counter()
    statuses = []
    with KafkaConsumer(
        "results",
        bootstrap_servers=servers,
        group_id="auditors",
        auto_offset_reset="earliest",
        consumer_timeout_ms=30_000,
    ) as auditor:
        for record in auditor:
            results[record.value] += 1
            if len(results) in {100, 300} and results[record.value] == 1:
                old = workers.pop(0)
                old.terminate()
                workers.append(start(servers))
                old.join()
                statuses.append(old.exitcode)
            if len(results) == 600:
                break
    for worker in workers:
        worker.terminate()
        worker.join()
        statuses.append(worker.exitcode)
    print(
        len(results),
        "tasks done,",
        max(results.values()),
        "time each; workers ended with",
        statuses,
    )


if __name__ == "__main__":
    main()

"""Processes that share the producer of their module: ``forked_processes.py SERVERS``.

The producer is made when the module is loaded, and in children of "spawn" and "forkserver" when
they load it. What is sent before a process ends has to be delivered, although nobody calls flush().
"""

import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor

from kafka import KafkaProducer

producer = KafkaProducer(bootstrap_servers=sys.argv[1], linger_ms=60_000)


def audit(method: str, number: int) -> None:
    """Send one record in a child, as its last act."""
    producer.send("audits", f"{method} {number}".encode())


def work(method: str, number: int) -> int:
    """Send one record in a child that goes on, and return its partition."""
    delivery = producer.send("audits", f"pool of {method} {number}".encode())
    producer.flush()
    return delivery.get().partition


def main() -> None:
    """Start children in all ways there are, while the parent sends, too."""
    for method in ("fork", "forkserver", "spawn"):
        context = multiprocessing.get_context(method)
        producer.send("audits", f"before {method}".encode())
        children = [context.Process(target=audit, args=(method, number)) for number in range(2)]
        for child in children:
            child.start()
        for child in children:
            child.join(60)
        print(method, [child.exitcode for child in children])
        producer.flush()
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("fork")) as pool:
        partitions = list(pool.map(work, ["fork"] * 4, range(4)))
    print(len(partitions), "answers of the pool")
    producer.send("audits", b"the end")


if __name__ == "__main__":
    main()

"""Workers that are forked before and while tasks come: ``prefork_tasks.py SERVERS``.

They work as those of Celery's prefork pool do: forked from a process that has sent already, they
take tasks out of pipes, are replaced after so many tasks, and end with ``os._exit``, which runs
nothing that was registered for the end of the program. So each task flushes.
"""

import os
import sys

from kafka import KafkaProducer

TASKS_PER_WORKER = 5
STOP = b"\xff"
producer = KafkaProducer(bootstrap_servers=sys.argv[1], linger_ms=1000)


def run_task(name: str) -> None:
    """Send what the task has to tell."""
    producer.send("results", f"{name} begun".encode())
    producer.send("results", f"{name} done".encode())
    producer.flush()


def start_worker(name: str) -> tuple[int, int, int]:
    """Fork a worker; return its process id, and where it takes tasks from and acknowledges them."""
    tasks, to_worker = os.pipe()
    from_worker, acks = os.pipe()
    pid = os.fork()
    if pid:
        os.close(tasks)
        os.close(acks)
        return pid, to_worker, from_worker
    status = 1
    try:
        while (number := os.read(tasks, 1)) != STOP:
            run_task(f"{name} {ord(number)}")
            os.write(acks, number)
        status = 0
    finally:
        os._exit(status)


def main() -> None:
    """Give 30 tasks to workers, two at a time, each replaced after five tasks."""
    for generation in range(3):
        producer.send("results", f"generation {generation}".encode())
        workers = [start_worker(f"worker {generation}{letter}") for letter in "ab"]
        for task in range(TASKS_PER_WORKER):
            for _, to_worker, _ in workers:
                os.write(to_worker, bytes([task]))
            for _, _, from_worker in workers:
                assert os.read(from_worker, 1) == bytes([task])
        for pid, to_worker, _ in workers:
            os.write(to_worker, STOP)
            print("a worker ended with", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    producer.close()


if __name__ == "__main__":
    main()

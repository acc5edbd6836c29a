"""A worker that does its jobs in greenlets: ``gevent_worker.py SERVERS``."""

from gevent import monkey

monkey.patch_all()

import sys  # noqa: E402 - a program patches before anything else

import gevent  # noqa: E402
from gevent.pool import Pool  # noqa: E402

from kafka import KafkaConsumer, KafkaProducer  # noqa: E402


def main() -> None:
    """Do the jobs of a topic until one says that it is the last."""
    servers = sys.argv[1]
    producer = KafkaProducer(bootstrap_servers=servers)
    consumer = KafkaConsumer("jobs", bootstrap_servers=servers, auto_offset_reset="earliest")

    def work(job: bytes) -> None:
        gevent.sleep(0.01)  # a call over the network
        producer.send("results", b"done: " + job).get(timeout=30)

    pool = Pool(20)
    for record in consumer:
        if record.value == b"last":
            break
        pool.spawn(work, record.value)
    pool.join(raise_error=True)
    consumer.close()
    producer.close()
    print("all jobs done")


if __name__ == "__main__":
    main()

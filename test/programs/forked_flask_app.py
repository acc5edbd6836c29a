"""A Flask app with two workers, forked after it was loaded: ``forked_flask_app.py SERVERS``.

The producer is made before the workers are, as in a module that ``gunicorn --preload`` loads.
"""

import logging
import os
import signal
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from urllib.request import urlopen

from flask import Flask, Response, jsonify, request
from werkzeug.serving import make_server

from kafka import KafkaConsumer, KafkaProducer, TopicPartition

SERVERS = sys.argv[1]
app = Flask(__name__)
producer = KafkaProducer(bootstrap_servers=SERVERS)


@app.post("/orders")
def take_order() -> Response:
    """Send an order, and tell where it is."""
    metadata = producer.send("orders", request.get_data()).get(timeout=30)
    return jsonify(offset=metadata.offset)


@app.get("/orders")
def list_orders() -> Response:
    """Return all orders so far."""
    orders = TopicPartition("orders", 0)
    found: list[str] = []
    with KafkaConsumer(bootstrap_servers=SERVERS) as consumer:
        consumer.assign([orders])
        consumer.seek_to_beginning()
        end = consumer.end_offsets([orders])[orders]
        while consumer.position(orders) < end:
            for records in consumer.poll(timeout_ms=1000).values():
                found += [record.value.decode() for record in records]
    return jsonify(found)


def start_worker(listener: socket.socket) -> int:
    """Fork a worker that serves *listener* until SIGTERM; return its process id."""
    pid = os.fork()
    if pid == 0:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        make_server("127.0.0.1", 0, app, threaded=True, fd=listener.fileno()).serve_forever()
    return pid


def order(port: int, number: int) -> None:
    """Order by HTTP, as a customer."""
    with urlopen(f"http://127.0.0.1:{port}/orders", b"order %d" % number, timeout=30) as answer:
        assert answer.status == 200


def main() -> None:
    """Serve 80 orders with two workers."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    producer.send("orders", b"opened").get(timeout=30)
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    workers = [start_worker(listener) for listener in listeners]
    try:
        ports = [listener.getsockname()[1] for listener in listeners]
        with ThreadPoolExecutor(8) as customers:
            list(customers.map(order, ports * 40, range(80)))
        producer.send("orders", b"closed").get(timeout=30)
        for port in ports:
            with urlopen(f"http://127.0.0.1:{port}/orders", timeout=30) as answer:
                print(f"{answer.read().count(b'order ')} orders taken")
    finally:
        for worker in workers:
            os.kill(worker, signal.SIGTERM)
    for worker in workers:
        print("a worker ended with", os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1]))


if __name__ == "__main__":
    main()

"""Show how far a consumer group is behind, for Prometheus, without joining the group.

The numbers are at http://localhost:PORT/metrics.

    python examples/lag_exporter.py localhost:9092 billing orders 9308
"""

from __future__ import annotations

import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

from kafka import KafkaConsumer, TopicPartition


def lags(consumer: KafkaConsumer, topic: str) -> dict[TopicPartition, int]:
    """Return how many records of each partition the group has not committed yet."""
    partitions = [TopicPartition(topic, n) for n in consumer.partitions_for_topic(topic) or ()]
    begins = consumer.beginning_offsets(partitions)
    ends = consumer.end_offsets(partitions)
    found = {}
    for partition in partitions:
        committed = consumer.committed(partition)
        found[partition] = ends[partition] - (begins[partition] if committed is None else committed)
    return found


def exposition(group: str, found: dict[TopicPartition, int]) -> str:
    """Return the numbers in the format that Prometheus reads."""
    lines = ["# TYPE kafka_group_lag gauge"]
    lines += [
        f'kafka_group_lag{{group="{group}",topic="{topic}",partition="{partition}"}} {lag}'
        for (topic, partition), lag in sorted(found.items())
    ]
    return "\n".join(lines) + "\n"


def serve(servers: str, group: str, topic: str, port: int) -> None:
    """Answer requests until the program is ended; one at a time, as the consumer has one thread."""
    with KafkaConsumer(
        bootstrap_servers=servers, group_id=group, enable_auto_commit=False
    ) as consumer:

        class Metrics(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = exposition(group, lags(consumer, topic)).encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments: object) -> None:
                pass

        with HTTPServer(("127.0.0.1", port), Metrics) as server:
            print(f"http://127.0.0.1:{server.server_port}/metrics", flush=True)
            server.serve_forever()


if __name__ == "__main__":
    serve(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))

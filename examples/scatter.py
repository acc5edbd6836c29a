"""A live scatter plot that is fed from a topic.

A producer sends random points; a consumer adds them to a figure as they come.

    pip install matplotlib
    python examples/scatter.py localhost:9092
    python examples/scatter.py localhost:9092 --points 300 --save scatter.svg

With ``--save`` nothing is shown: the picture is written when all points have come.
"""

from __future__ import annotations

import argparse
import json
import random
import threading

import matplotlib as mpl

from kafka import KafkaConsumer, KafkaProducer

TOPIC = "points"


def send(servers: str, count: int, pause: threading.Event) -> None:
    """Send random points, a few at a time."""
    source = random.Random(7)
    with KafkaProducer(
        bootstrap_servers=servers, value_serializer=lambda point: json.dumps(point).encode()
    ) as producer:
        for number in range(count):
            producer.send(TOPIC, {"x": source.gauss(0, 1), "y": source.gauss(0, 1)})
            if number % 20 == 0:
                producer.flush()
                pause.wait(0.05)


def draw(servers: str, count: int, save: str | None) -> int:
    """Read points and draw them until there are *count*; return how many there are."""
    if save:
        mpl.use("Agg")
    from matplotlib import pyplot as plt  # after the choice of a backend

    figure, axes = plt.subplots(figsize=(6, 4))
    axes.set(xlim=(-4, 4), ylim=(-4, 4), title="Points from the topic points")
    dots = axes.scatter([], [], s=14, alpha=0.6)
    points: list[tuple[float, float]] = []
    with KafkaConsumer(
        TOPIC,
        bootstrap_servers=servers,
        auto_offset_reset="earliest",
        value_deserializer=json.loads,
    ) as consumer:
        while len(points) < count:
            for records in consumer.poll(timeout_ms=200).values():
                points += [(record.value["x"], record.value["y"]) for record in records]
            if points:
                dots.set_offsets(points)
            if not save:
                plt.pause(0.05)
    if save:
        figure.savefig(save)
    else:
        plt.show()
    return len(points)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Draw points as they come.")
    parser.add_argument("servers", nargs="?", default="localhost:9092")
    parser.add_argument("--points", type=int, default=500)
    parser.add_argument("--save", help="file to write the picture to")
    given = parser.parse_args()
    sender = threading.Thread(target=send, args=(given.servers, given.points, threading.Event()))
    sender.start()
    print(draw(given.servers, given.points, given.save), "points drawn")
    sender.join()

"""Avro without a schema registry: the schema is part of the program.

The records are Avro's own binary encoding, written here in a few lines for the types it needs, so
that nothing has to be installed. With ``fastavro`` the two functions are ``schemaless_writer`` and
``schemaless_reader``.

    python examples/avro_orders.py localhost:9092
"""

from __future__ import annotations

import struct
import sys
from typing import NamedTuple

from kafka import KafkaConsumer, KafkaProducer

SERVERS = sys.argv[1] if len(sys.argv) > 1 else "localhost:9092"
TOPIC = "orders-avro"

SCHEMA = {
    "type": "record",
    "name": "Order",
    "fields": [
        {"name": "customer", "type": "string"},
        {"name": "number", "type": "long"},
        {"name": "price", "type": "double"},
    ],
}


class Order(NamedTuple):
    """One order, as the schema above has it."""

    customer: str
    number: int
    price: float


def write_long(value: int) -> bytes:
    """Return *value* as Avro has integers: zigzag, seven bits a byte."""
    rest = (value << 1) ^ (value >> 63)
    found = bytearray()
    while rest > 0x7F:
        found.append(rest & 0x7F | 0x80)
        rest >>= 7
    found.append(rest)
    return bytes(found)


def read_long(data: bytes, at: int) -> tuple[int, int]:
    """Return the integer at *at*, and where it ends."""
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return (value >> 1) ^ -(value & 1), at


def write(order: Order) -> bytes:
    """Return the Avro encoding of *order*."""
    name = order.customer.encode()
    return b"".join(
        (write_long(len(name)), name, write_long(order.number), struct.pack("<d", order.price))
    )


def read(data: bytes) -> Order:
    """Return the order that *data* is the Avro encoding of."""
    length, at = read_long(data, 0)
    customer = data[at : at + length].decode()
    number, at = read_long(data, at + length)
    (price,) = struct.unpack_from("<d", data, at)
    return Order(customer, number, price)


if __name__ == "__main__":
    with KafkaProducer(bootstrap_servers=SERVERS, value_serializer=write) as producer:
        for order in (Order("ada", 1, 3.5), Order("bob", -2, 12.25)):
            producer.send(TOPIC, order)
    with KafkaConsumer(
        TOPIC,
        bootstrap_servers=SERVERS,
        auto_offset_reset="earliest",
        consumer_timeout_ms=10_000,
        value_deserializer=read,
    ) as consumer:
        for record in consumer:
            print(record.value)

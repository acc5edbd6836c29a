"""A web application with a producer, and a consumer that works in the background.

pip install fastapi uvicorn
KAFKA=localhost:9092 uvicorn fastapi_app:app --app-dir examples
"""

from __future__ import annotations

import asyncio
import json
import os
from collections import Counter
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fastapi import FastAPI
from pydantic import BaseModel

from kafka.aio import AsyncKafkaConsumer, AsyncKafkaProducer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SERVERS = os.environ.get("KAFKA", "localhost:9092")
TOPIC = "web-orders"


class Order(BaseModel):
    """What a customer orders."""

    customer: str
    item: str


totals: Counter[str] = Counter()


async def count() -> None:
    """Count the orders of each customer, as long as the application runs."""
    async with AsyncKafkaConsumer(
        TOPIC,
        bootstrap_servers=SERVERS,
        auto_offset_reset="earliest",
        value_deserializer=json.loads,
    ) as consumer:
        async for record in consumer:
            totals[record.value["customer"]] += 1


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Run the producer and the consumer with the application."""
    async with (
        AsyncKafkaProducer(bootstrap_servers=SERVERS) as producer,
        asyncio.TaskGroup() as tasks,
    ):
        app.state.producer = producer
        counting = tasks.create_task(count())
        yield
        counting.cancel()


app = FastAPI(lifespan=lifespan)


@app.post("/orders")
async def place(order: Order) -> dict[str, int]:
    """Send an order; answer when the broker has it."""
    delivery = await app.state.producer.send(
        TOPIC, order.model_dump_json().encode(), key=order.customer.encode()
    )
    metadata = await delivery
    return {"partition": metadata.partition, "offset": metadata.offset}


@app.get("/totals/{customer}")
async def total(customer: str) -> dict[str, int]:
    """Return how many orders of a customer were read."""
    return {"orders": totals[customer]}

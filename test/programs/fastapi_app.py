"""A FastAPI app whose lifespan has the clients: ``fastapi_app.py SERVERS``.

A task reads while the app lives, and is cancelled at its end. A request that takes too long is
cancelled as well; its record is on the way all the same.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import httpx
import uvicorn
from fastapi import FastAPI, Request, Response

from kafka.aio import AsyncKafkaConsumer, AsyncKafkaProducer

SERVERS = sys.argv[1]


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Open the clients, and close them."""
    app.state.seen = []
    async with AsyncKafkaProducer(bootstrap_servers=SERVERS) as app.state.producer:
        watching = asyncio.create_task(watch(app.state.seen))
        yield
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching


async def watch(seen: list[str]) -> None:
    """Note every order, until the task is cancelled."""
    async with AsyncKafkaConsumer(
        "orders", bootstrap_servers=SERVERS, auto_offset_reset="earliest"
    ) as consumer:
        async for record in consumer:
            order = record.value.decode()
            seen.append(order)


app = FastAPI(lifespan=lifespan)


@app.get("/orders")
async def list_orders() -> list[str]:
    """Return the orders that were seen."""
    seen: list[str] = app.state.seen
    return seen


@app.post("/orders")
async def take_order(request: Request) -> dict[str, int]:
    """Send an order, and tell where it is."""
    delivery = await app.state.producer.send("orders", await request.body())
    return {"offset": (await delivery).offset}


@app.post("/returns")
async def take_back(request: Request) -> Response:
    """Send a return, without much patience."""
    try:
        async with asyncio.timeout(0.2):
            await (await app.state.producer.send("returns", await request.body()))
    except TimeoutError:
        return Response(status_code=202)
    return Response(status_code=201)


async def use(url: str) -> None:
    """Order 20 books and return one, as a customer."""
    async with httpx.AsyncClient(base_url=url, timeout=30) as web:
        calls = [web.post("/orders", content=f"book {number}") for number in range(20)]
        answers = await asyncio.gather(*calls)
        assert sorted(answer.json()["offset"] for answer in answers) == list(range(20))
        returned = await web.post("/returns", content="book 7")
        print("the return was answered with", returned.status_code)
        while len((await web.get("/orders")).json()) < 20:  # noqa: ASYNC110 - by HTTP
            await asyncio.sleep(0.05)


async def main() -> None:
    """Serve a customer, then end as a signal would end the server."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning"))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    try:
        host, port = server.servers[0].sockets[0].getsockname()
        await use(f"http://{host}:{port}")
    finally:
        server.should_exit = True
        await serving
    print("the app ended, having seen", len(app.state.seen), "orders")


if __name__ == "__main__":
    asyncio.run(main())

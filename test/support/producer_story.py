"""Stories of an asynchronous producer and a scripted broker on the virtual loop."""

from __future__ import annotations

from collections.abc import Callable, Coroutine

from kafka.producer.async_producer import AsyncKafkaProducer
from kafka.protocol.messages.produce import ProduceResponse
from test.support.scripted_broker import ScriptedCluster
from test.support.virtual_loop import run

Story = Callable[[ScriptedCluster, AsyncKafkaProducer], Coroutine[None, None, None]]


def play(
    story: Story,
    *,
    nodes: int = 1,
    partitions: int = 1,
    versions: dict[type, tuple[int, int]] | None = None,
    **options: object,
) -> None:
    async def on_stage() -> None:
        async with ScriptedCluster(nodes, versions=versions) as cluster:
            cluster.add_topic("t", partitions=partitions)
            async with AsyncKafkaProducer(
                bootstrap_servers=cluster.bootstrap_servers, **options
            ) as producer:
                await story(cluster, producer)

    run(on_stage())


def values(cluster: ScriptedCluster, partition: int = 0) -> list[bytes | None]:
    return [record.value for record in cluster.log("t", partition).records()]


def partition_answer(code: int, **fields: object) -> ProduceResponse.PartitionProduceResponse:
    return ProduceResponse.PartitionProduceResponse(
        index=0, error_code=code, base_offset=-1, **fields
    )


def answer(cluster: ScriptedCluster, code: int, **fields: object) -> ProduceResponse:
    return ProduceResponse(
        responses=[
            ProduceResponse.TopicProduceResponse(
                name="t",
                topic_id=cluster.topic_ids["t"],
                partition_responses=[partition_answer(code, **fields)],
            )
        ]
    )

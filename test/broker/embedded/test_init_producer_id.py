"""InitProducerId without transactional id, as the embedded cluster answers it."""

from __future__ import annotations

import pytest

from kafka.errors import ClusterAuthorizationFailedError
from kafka.protocol.messages.init_producer_id import InitProducerIdRequest
from kafka.testing import EmbeddedCluster
from kafka.testing.broker.authorizer import Operation
from test.support.denies import Denies
from test.support.embedded import cluster_and_client


@pytest.mark.parametrize("version", range(6))
async def test_every_producer_gets_an_id_of_its_own(version: int) -> None:
    async with cluster_and_client(EmbeddedCluster()) as (_, client):
        request = InitProducerIdRequest(transactional_id=None, transaction_timeout_ms=2**31 - 1)
        answers = [await client.send(request, version) for _ in range(2)]
        assert [(a.error_code, a.producer_epoch) for a in answers] == [(0, 0), (0, 0)]
        assert answers[0].producer_id != answers[1].producer_id


@pytest.mark.parametrize(
    ("denied", "error"),
    [
        ((Operation.IDEMPOTENT_WRITE,), 0),
        ((Operation.WRITE,), 0),
        ((Operation.IDEMPOTENT_WRITE, Operation.WRITE), ClusterAuthorizationFailedError.errno),
    ],
)
async def test_who_may_not_write_gets_no_id(denied: tuple[Operation, ...], error: int) -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (cluster, client):
        cluster.control.state.authorizer = Denies(*((operation, None) for operation in denied))
        response = await client.send(InitProducerIdRequest(transactional_id=None), 4)
        assert response.error_code == error

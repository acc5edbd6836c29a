"""InitProducerId without transactional id, as the embedded cluster answers it."""

from __future__ import annotations

import pytest

from kafka.errors import ClusterAuthorizationFailedError
from kafka.protocol.messages.init_producer_id import InitProducerIdRequest
from kafka.testing import EmbeddedCluster
from kafka.testing.broker.authorizer import Operation
from test.broker.embedded.conftest import Tell
from test.support.denies import Denies
from test.support.raw_client import RawClient


@pytest.mark.parametrize("version", range(6))
def test_every_producer_gets_an_id_of_its_own(tell: Tell, version: int) -> None:
    async def story(cluster: EmbeddedCluster, client: RawClient) -> None:
        request = InitProducerIdRequest(transactional_id=None, transaction_timeout_ms=2**31 - 1)
        answers = [await client.send(request, version) for _ in range(2)]
        assert [(a.error_code, a.producer_epoch) for a in answers] == [(0, 0), (0, 0)]
        assert answers[0].producer_id != answers[1].producer_id

    tell(EmbeddedCluster(), story)


@pytest.mark.parametrize(
    ("denied", "error"),
    [
        ((Operation.IDEMPOTENT_WRITE,), 0),
        ((Operation.WRITE,), 0),
        ((Operation.IDEMPOTENT_WRITE, Operation.WRITE), ClusterAuthorizationFailedError.errno),
    ],
)
def test_who_may_not_write_gets_no_id(
    tell: Tell, denied: tuple[Operation, ...], error: int
) -> None:
    async def story(cluster: EmbeddedCluster, client: RawClient) -> None:
        cluster.control.state.authorizer = Denies(*((operation, None) for operation in denied))
        response = await client.send(InitProducerIdRequest(transactional_id=None), 4)
        assert response.error_code == error

    tell(EmbeddedCluster(topics={"t": 1}), story)

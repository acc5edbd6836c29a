"""A connection authenticates again, and what becomes of its requests meanwhile."""

from __future__ import annotations

import asyncio

import pytest

from kafka._base.deadline import Deadline
from kafka._base.secret import Secret
from kafka.errors import (
    KafkaConnectionError,
    KafkaError,
    RequestTimedOutError,
    SaslAuthenticationFailedError,
)
from kafka.net.connection import Connection
from kafka.net.connection_state import ConnectionState
from kafka.net.endpoint import Endpoint
from kafka.net.node_states import Address
from kafka.net.reauthentication import Reauthentication
from kafka.net.sasl.credentials import Attempt
from kafka.net.sasl.plain import PlainConversation
from kafka.net.session import Session
from kafka.protocol.messages.metadata import MetadataRequest, MetadataResponse
from test.support.connections import (
    frame_of,
    make_connection,
    make_ready,
    make_runtime,
)

REQUEST = MetadataRequest(topics=[])
ENDPOINT = Endpoint("kafka", 9092, Address("127.0.0.1", 9092))
SESSION = Session(renew_at=10.0, not_before=2.0, ends_at=12.0)
FOLLOWING = Session(renew_at=100.0, not_before=12.0, ends_at=120.0)


def now() -> float:
    return asyncio.get_running_loop().time()


class Conductor:
    """An authenticator that notes what it is asked for and when."""

    def __init__(
        self, *, prepares: float = 0.0, converses: float = 0.0, error: Exception | None = None
    ) -> None:
        self._prepares = prepares
        self._converses = converses
        self._error = error
        self.times: list[tuple[str, float]] = []
        self.patience: list[float] = []
        self.state: ConnectionState | None = None

    async def prepare(
        self, connection: Connection, endpoint: Endpoint, deadline: Deadline, patience: Deadline
    ) -> Attempt:
        self.times.append(("prepare", now()))
        self.patience.append(patience.at)
        await asyncio.sleep(self._prepares)
        return Attempt(PlainConversation("user", Secret("pencil")))

    async def converse(
        self, connection: Connection, attempt: Attempt, deadline: Deadline
    ) -> Session | None:
        self.times.append(("converse", now()))
        self.state = connection.state
        await asyncio.sleep(self._converses)
        if self._error is not None:
            raise self._error
        return FOLLOWING

    def close(self) -> None:
        """Do nothing."""


def watched(
    conductor: Conductor, session: Session = SESSION
) -> tuple[Connection, list[KafkaError]]:
    """Return a connection with a session, and a list that gets the reason of its end."""
    connection = make_ready(make_connection())
    ends: list[KafkaError] = []
    connection.on_close = ends.append
    Reauthentication(connection, ENDPOINT, conductor, make_runtime(), timeout=30.0).begin(session)
    return connection, ends


async def test_session_is_renewed_when_it_is_time() -> None:
    conductor = Conductor()
    connection, ends = watched(conductor)
    await asyncio.sleep(9.9)
    assert conductor.times == []
    await asyncio.sleep(1)
    assert conductor.times == [("prepare", 10.0), ("converse", 10.0)]
    assert conductor.state is ConnectionState.REAUTHENTICATING
    assert connection.state is ConnectionState.READY
    assert connection.has_room
    assert connection.session is FOLLOWING
    assert ends == []
    connection.close()


async def test_requests_go_on_while_credentials_are_got() -> None:
    conductor = Conductor(prepares=0.9)
    connection, _ = watched(conductor)
    await asyncio.sleep(10.5)
    assert connection.has_room
    await asyncio.sleep(1)
    assert conductor.times == [("prepare", 10.0), ("converse", 10.9)]
    connection.close()


async def test_requests_wait_from_half_way_to_the_end_of_the_session() -> None:
    connection, _ = watched(Conductor(prepares=20))
    await asyncio.sleep(11.1)
    assert not connection.has_room
    assert connection.state is ConnectionState.READY
    await asyncio.wait_for(connection.room(), 30)
    assert now() == pytest.approx(30.0)
    connection.close()


async def test_credentials_that_do_not_come_close_the_connection() -> None:
    connection, ends = watched(Conductor(prepares=1e9))
    await asyncio.sleep(50)
    assert connection.state is ConnectionState.CLOSED
    assert [type(end) for end in ends] == [KafkaConnectionError]
    assert "credentials for SASL have not been got in time" in str(ends[0])


async def test_what_is_in_flight_is_answered_first() -> None:
    conductor = Conductor()
    connection, _ = watched(conductor)
    answer = connection.send(REQUEST, expires_at=100)
    await asyncio.sleep(15)
    assert conductor.times == [("prepare", 10.0)]
    assert not connection.has_room
    connection.on_frame(frame_of(MetadataResponse(), 12))
    await answer
    await asyncio.sleep(0.1)
    assert conductor.times[1:] == [("converse", 15.0)]
    assert connection.has_room
    connection.close()


async def test_attempt_does_not_follow_the_last_one_too_soon() -> None:
    conductor = Conductor()
    connection, _ = watched(conductor, Session(renew_at=0.85, not_before=1.05, ends_at=1.0))
    await asyncio.sleep(2)
    assert conductor.times == [("prepare", 0.85), ("converse", 1.05)]
    connection.close()


@pytest.mark.parametrize(
    ("error", "ends_with"),
    [
        (SaslAuthenticationFailedError("no"), SaslAuthenticationFailedError),
        (KafkaConnectionError("hung up"), KafkaConnectionError),
        (TimeoutError(), RequestTimedOutError),
    ],
)
async def test_failure_closes_the_connection_with_its_reason(
    error: Exception, ends_with: type[KafkaError]
) -> None:
    connection, ends = watched(Conductor(converses=0.5, error=error))
    waiting = asyncio.ensure_future(_room_after(connection, 10.2))
    await asyncio.sleep(11)
    assert connection.state is ConnectionState.CLOSED
    assert [type(end) for end in ends] == [ends_with]
    with pytest.raises(KafkaConnectionError):
        await waiting


async def _room_after(connection: Connection, seconds: float) -> None:
    await asyncio.sleep(seconds)
    await connection.room()


async def test_stream_that_ends_behind_the_refusal_does_not_hide_it() -> None:
    connection, ends = watched(Conductor(converses=1.0, error=SaslAuthenticationFailedError("no")))
    await asyncio.sleep(10.5)
    assert connection.state is ConnectionState.REAUTHENTICATING
    connection.on_closed(KafkaConnectionError("the broker closed the connection"))
    assert ends == []
    await asyncio.sleep(1)
    assert [type(end) for end in ends] == [SaslAuthenticationFailedError]
    assert connection.state is ConnectionState.CLOSED


async def test_stream_that_ends_behind_the_consent_closes_the_connection() -> None:
    connection, ends = watched(Conductor(converses=1.0))
    await asyncio.sleep(10.5)
    connection.on_closed(KafkaConnectionError("the broker closed the connection"))
    await asyncio.sleep(1)
    assert [str(end.args[0]) for end in ends] == ["the broker closed the connection"]
    assert connection.state is ConnectionState.CLOSED


@pytest.mark.parametrize("after", [5.0, 10.5])
async def test_connection_that_is_closed_is_not_renewed(after: float) -> None:
    conductor = Conductor(prepares=1.0)
    connection, ends = watched(conductor)
    await asyncio.sleep(after)
    connection.close()
    await asyncio.sleep(100)
    assert [what for what, _ in conductor.times] == (["prepare"] if after > 10 else [])
    assert len(ends) == 1


async def test_connection_that_is_closed_while_it_authenticates_is_closed_once() -> None:
    connection, ends = watched(Conductor(converses=5.0, error=KafkaConnectionError("late")))
    await asyncio.sleep(12)
    connection.close()
    assert connection.state is ConnectionState.CLOSED
    await asyncio.sleep(10)
    assert len(ends) == 1


async def test_renewal_does_not_count_as_use() -> None:
    connection, _ = watched(Conductor(converses=1.0))
    await asyncio.sleep(59)
    assert not connection.is_idle(now())
    await asyncio.sleep(2)
    assert connection.state is ConnectionState.CLOSED


async def test_what_was_written_is_waited_for_while_the_connection_authenticates() -> None:
    connection, _ = watched(Conductor(converses=1.0))
    await asyncio.sleep(10.5)
    await connection.drained()
    connection.close()

"""Find out which versions a broker speaks, at the start of a connection.  Pure.

KIP-35, KIP-511. Brokers before 0.10 close the connection when they see a request they do not know.
They are asked for what one release after the other has brought: the first request that they do not
know shows their release. So three connections are enough: one ends at ApiVersions, one at that
request, and the third is kept. Authentication comes after `Done`.
"""

from __future__ import annotations

from enum import Enum, unique
from typing import TYPE_CHECKING, Final, NamedTuple

from kafka._base.transitions import Transitions
from kafka.errors import (
    CorrelationIdError,
    KafkaError,
    KafkaProtocolError,
    UnsupportedVersionError,
    for_code,
)
from kafka.protocol.api_versions import ApiVersions
from kafka.protocol.headers import decode_correlation_id, decode_response
from kafka.protocol.messages.api_versions import ApiVersionsRequest, ApiVersionsResponse
from kafka.protocol.messages.metadata import MetadataRequest

if TYPE_CHECKING:
    from kafka.protocol.schema import Message, Request


@unique
class HandshakeState(Enum):
    """The request that the broker has not answered yet."""

    NEW = "new"
    HIGHEST = "ApiVersions, highest version"
    NUDGED = "ApiVersions without an answer, Metadata behind it"
    LOWER = "ApiVersions, the version the broker named or 0"
    METADATA = "Metadata, is this an old broker?"
    OFFSET_FETCH = "OffsetFetch 0, is it 0.8.1 or newer?"
    LIST_OFFSETS = "ListOffsets 0, is it 0.8.0 or Kafka 4?"
    FIND_COORDINATOR = "FindCoordinator, is it 0.8.2 or newer?"
    LIST_GROUPS = "ListGroups, is it 0.9 or newer?"
    CONFIRM = "ApiVersions 0, or did it only restart?"
    DONE = "done"
    FAILED = "failed"


_S = HandshakeState
_END = frozenset({_S.DONE, _S.FAILED})
HANDSHAKE_TRANSITIONS: Final = Transitions(
    {
        _S.NEW: {_S.HIGHEST, _S.DONE},
        _S.HIGHEST: {_S.NUDGED, _S.LOWER, _S.METADATA, *_END},
        _S.NUDGED: {_S.LOWER, _S.METADATA, *_END},
        _S.LOWER: {_S.LOWER, *_END},
        _S.METADATA: {_S.OFFSET_FETCH, *_END},
        _S.OFFSET_FETCH: {_S.LIST_OFFSETS, _S.FIND_COORDINATOR, *_END},
        _S.LIST_OFFSETS: {_S.LOWER, *_END},
        _S.FIND_COORDINATOR: {_S.LIST_GROUPS, *_END},
        _S.LIST_GROUPS: {_S.CONFIRM, *_END},
        _S.CONFIRM: _END,
        _S.DONE: set(),
        _S.FAILED: set(),
    }
)

SOFTWARE_NAME: Final = "kafka-python"
PROBE_GROUP: Final = "kafka-python-version-probe"
_UNSUPPORTED_VERSION: Final = 35
# A broker that answers the request of a state gets the next one over the same connection. One that
# was only restarting is newer than all of them: it hangs up once, and then answers.
_AFTER_ANSWER: Final = {
    _S.METADATA: _S.OFFSET_FETCH,
    _S.OFFSET_FETCH: _S.FIND_COORDINATOR,
    _S.FIND_COORDINATOR: _S.LIST_GROUPS,
    _S.LIST_GROUPS: _S.CONFIRM,
}
# Kafka 4 does not know OffsetFetch 0 any more, nor ListOffsets 0, which 0.8.0 does answer.
_AFTER_HANG_UP: Final = {
    _S.HIGHEST: _S.METADATA,
    _S.NUDGED: _S.METADATA,
    _S.OFFSET_FETCH: _S.LIST_OFFSETS,
    _S.LIST_OFFSETS: _S.LOWER,
}
# The release of a broker that knows the requests before, but not that of a state.
_HANG_UP_PROVES: Final = {
    _S.FIND_COORDINATOR: (0, 8, 1),
    _S.LIST_GROUPS: (0, 8, 2),
    _S.CONFIRM: (0, 9),
}
_SKIPS_UNKNOWN: Final = (0, 9)
_OLDEST: Final = (0, 8, 0)


class Send(NamedTuple):
    """Send *request* in *version*; report its response, or that the stream ended."""

    request: Request[Message]
    version: int
    reconnect: bool = False  # on a new stream, without back-off: the broker ended the last one


class Done(NamedTuple):
    """The connection is ready, on a new stream if *reconnect* is set."""

    versions: ApiVersions
    reconnect: bool = False


class Fail(NamedTuple):
    """Give the connection up."""

    error: KafkaError


Action = Send | Done | Fail


class Handshake:
    """One conversation at the start of a connection.

    Args:
        software_version: sent to the broker together with the name of this package (KIP-511).
        broker_version: given by the user, or proved by an earlier handshake with a broker older
            than 0.10; nothing is asked then.

    Attributes:
        proved: the release of an old broker, if it was found out.
        hang_ups: how often the stream has ended instead of a response.
    """

    def __init__(
        self,
        *,
        software_version: str,
        broker_version: tuple[int, ...] | None = None,
    ) -> None:
        self._software_version = software_version
        self._given = broker_version
        self._version = ApiVersionsRequest.VERSIONS.max
        self.state = HandshakeState.NEW
        self.proved: tuple[int, ...] | None = None
        self.hang_ups = 0

    def start(self) -> Action:
        """Return what to do first on a new connection."""
        if self._given is not None:
            self._move(_S.DONE)
            return Done(ApiVersions.for_broker_version(self._given))
        self._move(_S.HIGHEST)
        return self._ask_versions(self._version)

    def on_response(self, frame: bytes | bytearray | memoryview) -> Action:
        """Return what to do after the response to the last `Send`.

        Args:
            frame: the response without its size. It may hold anything.
        """
        if self.state is _S.LIST_OFFSETS:
            return self._prove(_OLDEST)
        try:
            decode_correlation_id(frame)
            if self.state is _S.METADATA:
                decode_response(MetadataRequest, 0, frame)
            if self.state in _AFTER_ANSWER:
                return self._probe(_AFTER_ANSWER[self.state])
            return self._on_versions(frame)
        except KafkaProtocolError as error:
            return self._fail(error)

    def on_silence(self) -> Send | None:
        """Return what to send after a request that got no answer for a while, if anything.

        Kafka 0.9 neither answers nor hangs up on an API it does not know, but answers the request
        after it. All others answer in order, however slow they are.
        """
        if self.state is not _S.HIGHEST:
            return None
        self._move(_S.NUDGED)
        return Send(_probe_request(_S.METADATA), 0)

    def on_disconnect(self, error: KafkaError) -> Action:
        """Return what to do after the stream ended instead of a response.

        Args:
            error: how it ended; it becomes the failure if nothing is left to try.
        """
        self.hang_ups += 1
        if isinstance(error, CorrelationIdError):
            skipped = self.state is _S.NUDGED
            return self._prove(_SKIPS_UNKNOWN, reconnect=True) if skipped else self._fail(error)
        if self.state in _AFTER_HANG_UP:
            return self._probe(_AFTER_HANG_UP[self.state], reconnect=True)
        if self.state in _HANG_UP_PROVES:
            return self._prove(_HANG_UP_PROVES[self.state], reconnect=True)
        return self._fail(error)

    def _on_versions(self, frame: bytes | bytearray | memoryview) -> Action:
        if int.from_bytes(bytes(frame[4:6]), "big", signed=True) == _UNSUPPORTED_VERSION:
            return self._lower_version(frame)
        response = decode_response(ApiVersionsRequest, self._version, frame)
        if response.error_code:
            return self._fail(for_code(response.error_code)("ApiVersions was refused"))
        self._move(_S.DONE)
        return Done(ApiVersions.from_response(response))

    def _lower_version(self, frame: bytes | bytearray | memoryview) -> Action:
        """Return the request in the version the broker named, 0 if it named none.

        A broker puts its range into the body as version 0 has it (KIP-511); some send no list.
        """
        if self._version == 0:
            return self._fail(UnsupportedVersionError("the broker refuses ApiVersions 0"))
        try:
            body = decode_response(ApiVersionsRequest, 0, frame)
            named = _own_range(body)
        except KafkaProtocolError:
            named = 0
        self._move(_S.LOWER)
        return self._ask_versions(named if named < self._version else 0)

    def _ask_versions(self, version: int, *, reconnect: bool = False) -> Send:
        self._version = version
        request = ApiVersionsRequest(
            client_software_name=SOFTWARE_NAME, client_software_version=self._software_version
        )
        return Send(request, version, reconnect)

    def _probe(self, state: HandshakeState, *, reconnect: bool = False) -> Send:
        """Return version 0 of the request of *state*."""
        self._move(state)
        if state in (_S.CONFIRM, _S.LOWER):
            return self._ask_versions(0, reconnect=reconnect)
        return Send(_probe_request(state), 0, reconnect)

    def _prove(self, version: tuple[int, ...], *, reconnect: bool = False) -> Done:
        self._move(_S.DONE)
        self.proved = version
        return Done(ApiVersions.for_broker_version(version), reconnect)

    def _fail(self, error: KafkaError) -> Fail:
        self._move(_S.FAILED)
        return Fail(error)

    def _move(self, state: HandshakeState) -> None:
        self.state = HANDSHAKE_TRANSITIONS.step(self.state, state)


def _own_range(body: ApiVersionsResponse) -> int:
    """Return the highest version of ApiVersions itself that *body* lists, else 0."""
    api_key = ApiVersionsRequest.API_KEY
    return max((key.max_version for key in body.api_keys if key.api_key == api_key), default=0)


def _probe_request(state: HandshakeState) -> Request[Message]:
    if state is _S.METADATA:
        return MetadataRequest(topics=[])
    if state is _S.LIST_OFFSETS:
        from kafka.protocol.messages.list_offsets import ListOffsetsRequest  # noqa: PLC0415

        return ListOffsetsRequest(topics=[])
    if state is _S.LIST_GROUPS:
        from kafka.protocol.messages.list_groups import ListGroupsRequest  # noqa: PLC0415

        return ListGroupsRequest()
    if state is _S.FIND_COORDINATOR:
        from kafka.protocol.messages.find_coordinator import (  # noqa: PLC0415
            FindCoordinatorRequest,
        )

        return FindCoordinatorRequest(coordinator_keys=[PROBE_GROUP])
    from kafka.protocol.messages.offset_fetch import OffsetFetchRequest  # noqa: PLC0415

    group = OffsetFetchRequest.OffsetFetchRequestGroup(group_id=PROBE_GROUP, topics=[])
    return OffsetFetchRequest(groups=[group])

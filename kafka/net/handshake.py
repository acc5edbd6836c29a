"""Find out which versions a broker speaks, at the start of a connection.  Pure.

KIP-35, KIP-511. Brokers before 0.10 close the connection when they see a request they do not know.
Which of the old requests they answer shows their release. Authentication comes after `Done`.
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
    CONFIRM = "ApiVersions 0, or did it only restart?"
    LIST_GROUPS = "ListGroups, is it 0.9?"
    FIND_COORDINATOR = "FindCoordinator, is it 0.8.2?"
    OFFSET_FETCH = "OffsetFetch, is it 0.8.1?"
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
        _S.METADATA: {_S.CONFIRM, *_END},
        _S.CONFIRM: {_S.LIST_GROUPS, *_END},
        _S.LIST_GROUPS: {_S.FIND_COORDINATOR, *_END},
        _S.FIND_COORDINATOR: {_S.OFFSET_FETCH, *_END},
        _S.OFFSET_FETCH: _END,
        _S.DONE: set(),
        _S.FAILED: set(),
    }
)

SOFTWARE_NAME: Final = "kafka-python"
PROBE_GROUP: Final = "kafka-python-version-probe"
_UNSUPPORTED_VERSION: Final = 35
# The release of a broker that answers the request of a state.
_ANSWER_PROVES: Final = {
    _S.LIST_GROUPS: (0, 9),
    _S.FIND_COORDINATOR: (0, 8, 2),
    _S.OFFSET_FETCH: (0, 8, 1),
}
_AFTER_HANG_UP: Final = {
    _S.HIGHEST: _S.METADATA,
    _S.NUDGED: _S.METADATA,
    _S.CONFIRM: _S.LIST_GROUPS,
    _S.LIST_GROUPS: _S.FIND_COORDINATOR,
    _S.FIND_COORDINATOR: _S.OFFSET_FETCH,
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
        if self.state in _ANSWER_PROVES:
            return self._prove(_ANSWER_PROVES[self.state])
        try:
            decode_correlation_id(frame)
            if self.state is _S.METADATA:
                decode_response(MetadataRequest, 0, frame)
                # A newer broker that was restarting also hangs up once and then answers this.
                return self._confirm()
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
        if isinstance(error, CorrelationIdError):
            skipped = self.state is _S.NUDGED
            return self._prove(_SKIPS_UNKNOWN, reconnect=True) if skipped else self._fail(error)
        if self.state in _AFTER_HANG_UP:
            return self._probe(_AFTER_HANG_UP[self.state], reconnect=True)
        if self.state is _S.OFFSET_FETCH:
            return self._prove(_OLDEST, reconnect=True)
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
        self._version = named if named < self._version else 0
        self._move(_S.LOWER)
        return self._ask_versions(self._version)

    def _confirm(self) -> Send:
        self._version = 0
        self._move(_S.CONFIRM)
        return self._ask_versions(0)

    def _ask_versions(self, version: int) -> Send:
        request = ApiVersionsRequest(
            client_software_name=SOFTWARE_NAME, client_software_version=self._software_version
        )
        return Send(request, version)

    def _probe(self, state: HandshakeState, *, reconnect: bool = False) -> Send:
        self._move(state)
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

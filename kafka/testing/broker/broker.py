"""The dispatch of one broker: a frame in, an answer out.

It knows admission, faults, handlers and quotas, and nothing about sockets. An unsupported version
or a malformed request ends the connection, as it does with a real broker; ApiVersions alone is
answered with the versions there are (KIP-511).
"""

from __future__ import annotations

import struct
from functools import partial
from typing import TYPE_CHECKING

from kafka._base.logs import logger
from kafka.errors import (
    BrokerResponseError,
    IllegalSaslStateError,
    InvalidReceiveError,
    KafkaProtocolError,
    UnsupportedVersionError,
)
from kafka.protocol.headers import encode_response
from kafka.protocol.messages.fetch import FetchRequest
from kafka.protocol.messages.produce import ProduceRequest
from kafka.testing.broker import faults
from kafka.testing.broker.admission import check_size, raw_answer
from kafka.testing.broker.answers import Outgoing, damaged, error_response
from kafka.testing.broker.api_modules import handler_of
from kafka.testing.broker.api_ranges import unsupported_version_response
from kafka.testing.broker.authorizer import ALLOW_ALL
from kafka.testing.broker.context import ConnectionRefusedByBroker, RequestContext
from kafka.testing.broker.fetch_sessions import FetchSessions
from kafka.testing.broker.produce_shortcut import ProduceShortcut
from kafka.testing.broker.quota_rates import ClientRates
from kafka.testing.broker.quotas import ClientQuotas
from kafka.testing.broker.recorder import SeenRequest
from kafka.testing.broker.security.gate import Admission
from kafka.testing.broker.timers import Event
from kafka.testing.broker.waiting import pause, wait_until
from kafka.testing.broker.wire import decode_request

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kafka.protocol.schema import Message
    from kafka.testing.broker.broker_state import BrokerState
    from kafka.testing.broker.context import Peer
    from kafka.testing.broker.faults import FaultPlan, Rule
    from kafka.testing.broker.handlers import Registered
    from kafka.testing.broker.recorder import Recorder
    from kafka.testing.broker.security.gate import SaslGate
    from kafka.testing.broker.wire import AnyRequest, RequestHeader

log = logger(__name__)

_API_VERSIONS = 18
_HEADER_START = struct.Struct(">hhi")


class Broker:
    """One broker of a cluster.

    Attributes:
        state: its id, its cluster and its subsystems.
        thawed: fires when a frozen broker goes on.
        crashes: exceptions that a request should not have raised; tests fail on them.
    """

    def __init__(self, state: BrokerState, *, plan: FaultPlan, recorder: Recorder) -> None:
        self.state = state
        self.thawed = Event()
        self.crashes: list[BaseException] = []
        self._frozen = False
        self._plan = plan
        self._quotas = state.cluster.component(ClientQuotas)
        self._recorder = recorder

    def forget(self) -> None:
        """Drop the state that a broker loses when its process dies."""
        self.state.forget()
        self.freeze(False)

    def freeze(self, frozen: bool) -> None:
        """Stop answering, with connections open, or go on."""
        self._frozen = frozen
        if not frozen:
            self.thawed.fire()

    def answer_at_once(self, frame: bytes | memoryview, peer: Peer) -> bytes | None:
        """Handle a request of the most frequent kind and return the answer with its size.

        Returns:
            ``None`` if the request needs `process`: it is of another kind, or there is a fault, a
            quota or an ACL in the cluster, or something unusual about the request.

        Raises:
            ConnectionRefusedByBroker: the connection is to be closed.
        """
        shortcut, cluster = peer.shortcut, self.state.cluster
        if (
            shortcut is None
            or self._frozen
            or self._plan.rules
            or peer.gate is not None
            or cluster.authorizer is not ALLOW_ALL
            or self._quotas.by_entity
        ):
            return None
        now = cluster.clock.now()
        try:
            done = shortcut.answer(frame, now)
        except Exception as exc:
            self._note_crash(exc)
            raise ConnectionRefusedByBroker(repr(exc)) from exc
        if done is None:
            return None
        answer, unread = done
        self._recorder.record(unread, len(frame))
        if now >= cluster.sweeps_at:
            cluster.sweep()
        return answer

    def _note_crash(self, exc: Exception) -> None:
        log.error("node=%d a request failed", self.state.node_id, exc_info=exc)
        self.crashes.append(exc)

    async def process(self, frame: bytes | memoryview, peer: Peer) -> Outgoing:
        """Handle one request and return what to do on its connection.

        Raises:
            ConnectionRefusedByBroker: the connection is to be closed.
        """
        if self._frozen:
            await self._thaw()
        try:
            outgoing = await self._process(frame, peer)
        except ConnectionRefusedByBroker:
            raise
        except Exception as exc:
            self._note_crash(exc)
            raise ConnectionRefusedByBroker(repr(exc)) from exc
        self._recorder.changed.fire()
        # Frozen while it handled the request, as in a long poll: the answer waits, too.
        if self._frozen:
            await self._thaw()
        return outgoing

    async def _thaw(self) -> None:
        await wait_until(
            lambda: not self._frozen, (self.thawed,), timers=self.state.cluster.timers, limit=None
        )

    async def _process(self, frame: bytes | memoryview, peer: Peer) -> Outgoing:
        gate = peer.gate
        if gate is not None:
            self._check_size(gate, frame)
            if gate.takes_raw_tokens:
                return self._raw_token(gate, frame, peer)
        too_new = self._refused_api_versions(frame)
        if too_new is not None:
            return too_new
        header, request = self._decode(frame)
        if gate is not None:
            refused = self._refused_by(gate, header, request)
            if refused is not None:
                return refused
        elif header.api_key == ProduceRequest.API_KEY:
            self._learn(frame, header, request, peer)
        rule = self._observe(header, request, len(frame))
        if rule is None:
            return await self._answer(header, request, peer, None)
        return await self._misbehave(rule, header, request, peer)

    def _learn(
        self, frame: bytes | memoryview, header: RequestHeader, request: AnyRequest, peer: Peer
    ) -> None:
        if peer.shortcut is None:
            peer.shortcut = ProduceShortcut(self.state)
        peer.shortcut.learn(frame, header, request)

    def _observe(self, header: RequestHeader, request: AnyRequest, size: int) -> Rule | None:
        """Record a request, move the cluster's time on, and return the fault that applies to it."""
        node_id, cluster = self.state.node_id, self.state.cluster
        self._recorder.record(
            SeenRequest(
                node_id,
                type(request),
                header.api_version,
                header.client_id,
                request,
                cluster.clock.now(),
            ),
            size,
        )
        cluster.sweep()
        if not self._plan.rules:
            return None
        facts = faults.RequestFacts(
            node_id, header.client_id, request, partial(self._remembered, request)
        )
        return self._plan.take(facts, cluster)

    def _remembered(self, request: AnyRequest) -> Iterable[tuple[str, int]]:
        """Return the partitions that a request asks for without naming them (KIP-227)."""
        if not isinstance(request, FetchRequest):
            return ()
        return self.state.component(FetchSessions).remembered(request, self.state.cluster)

    def _check_size(self, gate: SaslGate, frame: bytes | memoryview) -> None:
        try:
            check_size(gate, frame, self.state.cluster)
        except InvalidReceiveError as exc:
            raise ConnectionRefusedByBroker(str(exc)) from exc

    def _raw_token(self, gate: SaslGate, frame: bytes | memoryview, peer: Peer) -> Outgoing:
        answer = raw_answer(peer, gate, frame, self.state.cluster)
        return Outgoing(close=True) if answer is None else Outgoing([answer])

    def _refused_by(
        self, gate: SaslGate, header: RequestHeader, request: AnyRequest
    ) -> Outgoing | None:
        """Return the answer to a request that authentication does not admit, or ``None``."""
        admission = gate.admit(header.api_key, self.state.cluster.clock.now())
        if admission is Admission.SERVE:
            return None
        where = f"{type(request).__name__} came before the end of authentication, or after it"
        if admission is Admission.CLOSE:
            raise ConnectionRefusedByBroker(where)
        try:
            response = error_response(request, IllegalSaslStateError)
        except KafkaProtocolError:
            raise ConnectionRefusedByBroker(where) from None
        outgoing = self._encoded(response, header, 0)
        outgoing.close = True
        return outgoing

    def _refused_api_versions(self, frame: bytes | memoryview) -> Outgoing | None:
        if len(frame) < _HEADER_START.size:
            raise ConnectionRefusedByBroker(f"a request of {len(frame)} bytes")
        key, version, correlation_id = _HEADER_START.unpack_from(frame)
        api = self.state.apis.get(key)
        if api is None:
            raise ConnectionRefusedByBroker(f"API {key} is not served")
        if api.min_version <= version <= api.max_version:
            return None
        if key != _API_VERSIONS:
            raise ConnectionRefusedByBroker(f"{api.name} has no version {version} here")
        tells_range = self.state.cluster.release.api_versions_range
        response = unsupported_version_response(api, tells_range=tells_range)
        return Outgoing(encode_response(response, 0, correlation_id=correlation_id))

    @staticmethod
    def _decode(frame: bytes | memoryview) -> tuple[RequestHeader, AnyRequest]:
        try:
            return decode_request(frame)
        except (KafkaProtocolError, UnsupportedVersionError) as exc:
            raise ConnectionRefusedByBroker(str(exc)) from exc

    async def _misbehave(
        self, rule: Rule, header: RequestHeader, request: AnyRequest, peer: Peer
    ) -> Outgoing:
        match rule.action:
            case faults.Answer(response):
                made = response(request) if callable(response) else response
                return self._encoded(made, header, 0)
            case faults.Fail():
                return await self._answer(header, request, peer, rule)
            case faults.Delay(seconds):
                await pause(seconds, self.state.cluster.timers)
                return await self._answer(header, request, peer, None)
            case faults.Disconnect(applied):
                if applied:
                    await self._answer(header, request, peer, None)
                return Outgoing(close=True)
            case faults.DropResponse(applied=False):
                return Outgoing()
            case faults.Garbage(data, applied=False):
                return Outgoing([data])
            case faults.Throttle(milliseconds):
                return await self._answer(header, request, peer, None, milliseconds)
            case action:
                return damaged(action, await self._answer(header, request, peer, None))

    async def _answer(
        self,
        header: RequestHeader,
        request: AnyRequest,
        peer: Peer,
        rule: Rule | None,
        throttle_ms: int = 0,
    ) -> Outgoing:
        registered = handler_of(self.state.apis[header.api_key])
        context = RequestContext(
            self.state,
            peer,
            api_version=header.api_version,
            client_id=header.client_id,
            refusals=_refusals(rule, registered),
        )
        context.throttle_ms = throttle_ms
        if rule is not None and not registered.by_topic:
            response = await self._failed(rule, registered, context, request)
        else:
            response = await self._handled(registered, context, request)
        wait_ms = self.state.component(ClientRates).charge(context, request, response)
        context.throttle_ms = max(context.throttle_ms, wait_ms)
        if response is None:
            return Outgoing(mute=context.throttle_ms / 1000)
        outgoing = self._encoded(response, header, context.throttle_ms)
        outgoing.close = context.closes
        return outgoing

    async def _failed(
        self, rule: Rule, registered: Registered, context: RequestContext, request: AnyRequest
    ) -> Message | None:
        assert isinstance(rule.action, faults.Fail)
        if rule.action.applied:
            await self._handled(registered, context, request)
        return error_response(request, rule.action.error)

    async def _handled(
        self, registered: Registered, context: RequestContext, request: AnyRequest
    ) -> Message | None:
        try:
            return await registered.handle(context, request)
        except BrokerResponseError as exc:
            return error_response(request, type(exc), ", ".join(map(str, exc.args)))

    @staticmethod
    def _encoded(response: Message, header: RequestHeader, throttle_ms: int) -> Outgoing:
        if throttle_ms and hasattr(response, "throttle_time_ms"):
            response.throttle_time_ms = throttle_ms
        pieces = encode_response(response, header.api_version, correlation_id=header.correlation_id)
        return Outgoing(pieces, mute=throttle_ms / 1000)


def _refusals(rule: Rule | None, registered: Registered) -> faults.Refusals | None:
    if rule is None or not registered.by_topic:
        return None
    assert isinstance(rule.action, faults.Fail)
    refusal = faults.Refusal(rule.action.error, rule.action.applied)
    return faults.Refusals(refusal, rule.topic, rule.partition)

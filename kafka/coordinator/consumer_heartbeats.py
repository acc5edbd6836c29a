"""The conversation of a KIP-848 member with its coordinator.  Pure.

It knows who the member is, who the coordinator is, what has been said and what waits for an answer.
What an answer means for the membership is decided elsewhere.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from kafka.coordinator.consumer_states import HEARTBEAT_VERDICTS, heartbeat_error
from kafka.coordinator.heartbeat_timer import HeartbeatTimer
from kafka.coordinator.heartbeat_writer import JOINING_EPOCH, Constants, HeartbeatWriter
from kafka.coordinator.membership import GROUP, FindCoordinator, MemberIdentity, Send
from kafka.errors import BrokerResponseError, KafkaError
from kafka.errors.verdict import Verdict, verdict_for
from kafka.protocol.messages.consumer_group_heartbeat import ConsumerGroupHeartbeatResponse

if TYPE_CHECKING:
    from kafka._base.backoff import Uniform
    from kafka.coordinator.consumer_settings import ConsumerSettings
    from kafka.coordinator.membership import Action
    from kafka.coordinator.ownership import TopicIdPartition
    from kafka.coordinator.subscribed_topics import Subscribed
    from kafka.protocol.messages.consumer_group_heartbeat import ConsumerGroupHeartbeatRequest
    from kafka.protocol.schema import Message


class Heartbeats:
    """Send heartbeats, one at a time.

    Args:
        actions: where to put what is to be done.
        settings: of the member.
        uniform: randomness for the back-off.

    Attributes:
        member_id: as the coordinator knows it; empty until a broker that makes it has done so.
        epoch: of the member; 0 to join, negative to leave.
        is_known: whether the coordinator may have heard of this membership.
        is_telling: whether a heartbeat that says what is owned has not been answered: the
            coordinator may have heard it, and what follows from it may be on its way, or lost.
        is_doubtful: whether the coordinator may have given the member up without this client having
            asked since.
        timer: when the next one is due.
    """

    def __init__(self, actions: list[Action], settings: ConsumerSettings, uniform: Uniform) -> None:
        self._actions = actions
        self._settings = settings
        self._writer = HeartbeatWriter(
            Constants(settings.max_poll_interval, settings.remote_assignor, settings.rack_id)
        )
        self.timer = HeartbeatTimer(settings.backoff, uniform)
        self.member_id = settings.member_id
        self.epoch = JOINING_EPOCH
        self.is_known = False
        self.is_telling = False
        self.is_doubtful = False
        # The heartbeat that asks about that, while it is in flight.
        self._question: Send | None = None
        self._is_looking_up = False

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<Heartbeats {self.member_id} epoch={self.epoch} {self.timer!r}>"

    @property
    def me(self) -> MemberIdentity:
        """Who the member is now."""
        settings = self._settings
        return MemberIdentity(settings.group_id, self.member_id, self.epoch, settings.instance_id)

    @property
    def is_member(self) -> bool:
        """Whether the coordinator has made it a member."""
        return self.epoch > JOINING_EPOCH

    # -- who the coordinator is ------------------------------------------------------------

    def join(self) -> None:
        """Begin a membership."""
        self.is_known = self.is_doubtful = False
        self._writer.forget()
        if self.timer.coordinator is None:
            self.look_up()

    def leave(self, epoch: int) -> None:
        """Be about to leave; *epoch* says how."""
        self.epoch = epoch
        if self.timer.coordinator is None:
            self.look_up()

    def look_up(self) -> None:
        """Have the coordinator looked up."""
        self.timer.coordinator = None
        if not self._is_looking_up:
            self._is_looking_up = True
            self._actions.append(FindCoordinator())

    def on_coordinator(self, node_id: int | None) -> None:
        """React to the end of the look-up."""
        self._is_looking_up = False
        self.timer.coordinator = node_id

    # -- heartbeats ------------------------------------------------------------------------

    def due_at(self, subscribed: Subscribed | None, *, at_once: bool) -> float:
        """Return when the next heartbeat is due; infinity if something has to happen before.

        Args:
            subscribed: what it will say; ``None`` if that is not known yet.
            at_once: there is more to say than that the member is alive.
        """
        if subscribed is None:
            return math.inf
        asks = self.is_doubtful and self._question is None
        return self.timer.due_at(at_once=at_once or asks or not self._writer.has_said(subscribed))

    def beat(
        self,
        subscribed: Subscribed,
        owned: frozenset[TopicIdPartition],
        now: float,
        *,
        acknowledges: bool = False,
    ) -> None:
        """Send a heartbeat; see `HeartbeatWriter.write`."""
        request = self._writer.write(self.me, subscribed, owned, acknowledges=acknowledges)
        self._send(request, now)

    def say_goodbye(self, now: float) -> None:
        """Send the heartbeat that leaves."""
        self._send(self._writer.leave(self.me), now)

    def _send(self, request: ConsumerGroupHeartbeatRequest, now: float) -> None:
        timeout = self.timer.patience(self._settings.request_timeout)
        send = Send(request, GROUP, timeout, self.me)
        self.timer.on_sent(send, now)
        self._question = send if self.is_doubtful else None
        self._actions.append(send)
        self.is_known = True
        self.is_telling |= request.topic_partitions is not None

    # -- answers ---------------------------------------------------------------------------

    def read(
        self, sent: Send, answer: Message | KafkaError
    ) -> ConsumerGroupHeartbeatResponse | KafkaError | None:
        """Return *answer*, or its error; ``None`` if it was for what the member is no longer."""
        if sent is not self.timer.in_flight:
            return None
        self.timer.in_flight = None
        was_asked, self._question = self._question is sent, None
        if sent.identity != self.me:
            return None
        if isinstance(answer, ConsumerGroupHeartbeatResponse):
            error = heartbeat_error(self._settings.group_id, answer)
            self.is_doubtful &= not was_asked or error is not None
            return error or answer
        return answer if isinstance(answer, KafkaError) else None

    def on_answer(self, answer: ConsumerGroupHeartbeatResponse, now: float) -> None:
        """Take over who the member is, and how often it is to send."""
        self.is_telling = False
        self.epoch = answer.member_epoch
        self.member_id = self.member_id or answer.member_id or ""
        self.timer.on_answer(answer.heartbeat_interval_ms / 1000, now)

    def refused(self, now: float) -> None:
        """Say all again, not before the next heartbeat is due anyway."""
        self._writer.forget()
        self.timer.on_refusal(now)

    def try_again(self, error: KafkaError, now: float) -> None:
        """Say all again, to the coordinator as it is found then."""
        self._writer.forget()
        if verdict_for(type(error), HEARTBEAT_VERDICTS) is Verdict.FIND_COORDINATOR:
            self.timer.on_moved(now)
            self.look_up()
            return
        self.timer.on_error(now)
        if not isinstance(error, BrokerResponseError):
            # The connection is lost, or the node is silent: perhaps another one coordinates now.
            self.look_up()

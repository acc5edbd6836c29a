"""Incremental fetch sessions (KIP-227): what to put into the next Fetch to one node.  Pure.

A session knows all partitions that a node is asked for; a request costs what has changed of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from kafka.errors import FetchSessionIdNotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from uuid import UUID

    from kafka.errors import KafkaError
    from kafka.structs import TopicPartition

INITIAL_EPOCH: Final = 0
FINAL_EPOCH: Final = -1
_MAX_EPOCH: Final = 2_147_483_647


class FetchPosition(NamedTuple):
    """Where a partition stood when a Fetch asked for it.

    Args:
        topic_id: id of its topic, the zero UUID if unknown.
        offset: first offset to return.
        leader_epoch: epoch of the leader we believe in, -1 if unknown (KIP-320).
        generation: generation of the partition's start.
        from_replica: whether a preferred replica is asked instead of the leader (KIP-392).
        end_known: whether an answer has told where the log of the partition ends.
    """

    topic_id: UUID
    offset: int
    leader_epoch: int
    generation: int
    from_replica: bool
    end_known: bool = True

    def asks_the_same(self, other: FetchPosition) -> bool:
        """Return whether a broker could not tell *other* from this one."""
        return self[:3] == other[:3]


class SessionFetch(NamedTuple):
    """The session part of one Fetch request.

    Args:
        session_id: the broker's id for the session, 0 for none.
        epoch: number of the request in the session; 0 opens a session, -1 closes it.
        partitions: what to ask for: everything in a full request, else what changed.
        forgotten: partitions to drop from the session, with the ids of their topics.
        uses_ids: whether the session knows topics by their ids (KIP-516), also if the request
            names none.
    """

    session_id: int
    epoch: int
    partitions: dict[TopicPartition, FetchPosition]
    forgotten: dict[TopicPartition, UUID]
    uses_ids: bool

    @property
    def is_full(self) -> bool:
        """Whether the request names every partition it is about."""
        return self.epoch in {INITIAL_EPOCH, FINAL_EPOCH}


class FetchSession:
    """The fetch session of one node, as far as this side knows it.

    Call `build`, send, then exactly one of `on_success` and `on_error`.

    Args:
        enabled: whether to use sessions; without, every request is full and opens none.

    Attributes:
        positions: where each partition stood when the node was last asked for it, in the order in
            which the broker looks at them.
        topic_names: the names of the topics by id: an answer must be understood even if the
            metadata has changed since the request (KIP-516).
    """

    __slots__ = (
        "_enabled",
        "_epoch",
        "_session_id",
        "_uses_ids",
        "_without_id",
        "positions",
        "topic_names",
    )

    def __init__(self, *, enabled: bool = True) -> None:
        self.positions: dict[TopicPartition, FetchPosition] = {}
        self.topic_names: dict[UUID, str] = {}
        self._enabled = enabled
        self._session_id = 0
        self._epoch = INITIAL_EPOCH if enabled else FINAL_EPOCH
        self._uses_ids: bool | None = None
        self._without_id = 0

    def __repr__(self) -> str:
        """Return a status line."""
        return (
            f"<FetchSession id={self._session_id} epoch={self._epoch}"
            f" partitions={len(self.positions)}>"
        )

    @property
    def is_open(self) -> bool:
        """Whether the broker holds a session that a close should end."""
        return self._session_id != 0

    def build(
        self,
        changed: Mapping[TopicPartition, FetchPosition],
        dropped: Iterable[TopicPartition] = (),
    ) -> SessionFetch:
        """Return the session part of a request.

        Topic ids and names do not mix in one session: a change between them opens a new one. So
        does a partition that starts anew, after a rebalance say, with its end unknown: the broker
        has answered an earlier start, and answers again only if there is something new.

        Args:
            changed: the partitions to ask for that may stand elsewhere than in the request before;
                all others of that request are asked for again.
            dropped: partitions to ask for no more.
        """
        forgotten: dict[TopicPartition, UUID] = {}
        for tp in dropped:
            old = self._drop(tp)
            if old is not None:
                forgotten[tp] = old.topic_id
        moved: dict[TopicPartition, FetchPosition] = {}
        for tp, position in changed.items():
            if not position.end_known:
                self._reopen_if_told(tp, position)
            self._put(tp, position, moved, forgotten)
        uses_ids = not self._without_id
        if uses_ids != self._uses_ids and self._epoch != INITIAL_EPOCH and self._enabled:
            self._epoch = INITIAL_EPOCH
        self._uses_ids = uses_ids
        if self._epoch in {INITIAL_EPOCH, FINAL_EPOCH}:
            moved, forgotten = dict(self.positions), {}
            self.topic_names.clear()
        self.topic_names.update({part.topic_id: tp.topic for tp, part in moved.items()})
        return SessionFetch(self._session_id, self._epoch, moved, forgotten, uses_ids)

    def _reopen_if_told(self, tp: TopicPartition, position: FetchPosition) -> None:
        # The broker's entry keeps what has been told, whatever is changed in it. To forget it takes
        # one request more: within a request the broker adds first and forgets then.
        old = self.positions.get(tp)
        if self._enabled and old is not None and old.generation != position.generation:
            self._epoch = INITIAL_EPOCH

    def _put(
        self,
        tp: TopicPartition,
        position: FetchPosition,
        moved: dict[TopicPartition, FetchPosition],
        forgotten: dict[TopicPartition, UUID],
    ) -> None:
        old = self.positions.get(tp)
        if old is not None and position.asks_the_same(old):
            self.positions[tp] = position
            return
        # The broker answers in the order of its session; what changed moves to the end.
        self._drop(tp)
        self.positions[tp] = moved[tp] = position
        self._without_id += not position.topic_id.int
        # A topic made anew has another id: the entry of the old one goes (KIP-516).
        if old is not None and old.topic_id != position.topic_id:
            forgotten[tp] = old.topic_id

    def _drop(self, tp: TopicPartition) -> FetchPosition | None:
        old = self.positions.pop(tp, None)
        if old is not None:
            self._without_id -= not old.topic_id.int
        return old

    def close_request(self) -> SessionFetch:
        """Return what ends the session at the broker."""
        return SessionFetch(self._session_id, FINAL_EPOCH, {}, {}, self._uses_ids is not False)

    def on_success(
        self, sent: SessionFetch, session_id: int, answered: Iterable[TopicPartition]
    ) -> str | None:
        """Process an answer without a top-level error.

        Args:
            sent: what was asked.
            session_id: the session id of the answer.
            answered: the partitions in it.

        Returns:
            ``None`` if the answer fits the session, else what is wrong; the next request then
            opens a new session, and the data of this answer is not to be used.
        """
        if not self._enabled:
            return None
        got = set(answered)
        problem = self._mismatch(sent, got)
        if problem is not None:
            self._epoch = INITIAL_EPOCH
            return problem
        if session_id == 0:
            self._session_id = 0
            self._epoch = INITIAL_EPOCH
        elif sent.is_full:
            self._session_id = session_id
            self._epoch = 1
        else:
            self._epoch = 1 if self._epoch == _MAX_EPOCH else self._epoch + 1
        return None

    def _mismatch(self, sent: SessionFetch, got: set[TopicPartition]) -> str | None:
        extra = got - self.positions.keys()
        if extra:
            return f"partitions not asked for: {_names(extra)}"
        # A throttled broker answers a full request with nothing at all; that keeps its meaning.
        if sent.is_full and got and got != self.positions.keys():
            return f"partitions missing: {_names(self.positions.keys() - got)}"
        return None

    def on_error(self, error: type[KafkaError]) -> None:
        """Process a top-level error or a failed request: the next request opens a new session.

        The id is kept, so that the broker drops the old session then, unless the broker has said
        that it does not know the id.
        """
        if not self._enabled:
            return
        self._epoch = INITIAL_EPOCH
        if error is FetchSessionIdNotFoundError:
            self._session_id = 0


def _names(partitions: Iterable[TopicPartition]) -> str:
    return ", ".join(sorted(f"{tp.topic}-{tp.partition}" for tp in partitions))

"""Incremental fetch sessions (KIP-227): what to put into the next Fetch of one node.  Pure."""

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


class FetchPartition(NamedTuple):
    """What a Fetch asks of one partition.

    Args:
        topic_id: id of its topic, the zero UUID if unknown.
        offset: where to start.
        leader_epoch: epoch of the leader we believe in, -1 if unknown (KIP-320).
        max_bytes: most bytes of records to return.
    """

    topic_id: UUID
    offset: int
    leader_epoch: int
    max_bytes: int


class SessionFetch(NamedTuple):
    """The session part of one Fetch request.

    Args:
        session_id: the broker's id for the session, 0 for none.
        epoch: number of the request in the session; 0 opens a session, -1 closes it.
        partitions: what to ask for: everything in a full request, else what changed.
        forgotten: partitions to drop from the session, with the ids of their topics.
    """

    session_id: int
    epoch: int
    partitions: dict[TopicPartition, FetchPartition]
    forgotten: dict[TopicPartition, UUID]

    @property
    def is_full(self) -> bool:
        """Whether the request names every partition it is about."""
        return self.epoch in {INITIAL_EPOCH, FINAL_EPOCH}


class FetchSession:
    """The fetch session of one node, as far as this side knows it.

    Call `build`, send, then exactly one of `on_success` and `on_error`.

    Args:
        enabled: whether to use sessions; without, every request is full and opens none.
    """

    __slots__ = ("_enabled", "_epoch", "_ids", "_partitions", "_session_id")

    def __init__(self, *, enabled: bool = True) -> None:
        self._enabled = enabled
        self._session_id = 0
        self._epoch = INITIAL_EPOCH if enabled else FINAL_EPOCH
        self._partitions: dict[TopicPartition, FetchPartition] = {}
        self._ids: bool | None = None

    def __repr__(self) -> str:
        """Return a status line."""
        return (
            f"<FetchSession id={self._session_id} epoch={self._epoch}"
            f" partitions={len(self._partitions)}>"
        )

    @property
    def is_open(self) -> bool:
        """Whether the broker holds a session that a close should end."""
        return self._session_id != 0

    def build(self, wanted: Mapping[TopicPartition, FetchPartition]) -> SessionFetch:
        """Return the session part of a request for *wanted*, in that order.

        Topic ids and names do not mix in one session: a change between them opens a new one.
        """
        ids = all(part.topic_id.int for part in wanted.values())
        if ids != self._ids and self._epoch != INITIAL_EPOCH and self._enabled:
            self._epoch = INITIAL_EPOCH
        self._ids = ids
        if self._epoch in {INITIAL_EPOCH, FINAL_EPOCH}:
            self._partitions = dict(wanted)
            return SessionFetch(self._session_id, self._epoch, dict(wanted), {})
        return self._build_incremental(wanted)

    def _build_incremental(self, wanted: Mapping[TopicPartition, FetchPartition]) -> SessionFetch:
        known = self._partitions
        changed = {tp: part for tp, part in wanted.items() if known.get(tp) != part}
        forgotten = {tp: part.topic_id for tp, part in known.items() if tp not in wanted}
        # A topic made anew has another id: the entry of the old one goes (KIP-516).
        for tp, part in changed.items():
            old = known.get(tp)
            if old is not None and old.topic_id != part.topic_id:
                forgotten[tp] = old.topic_id
        for tp in (*forgotten, *changed):
            known.pop(tp, None)
        # The broker answers in the order of its session; what changed moves to the end.
        known.update(changed)
        return SessionFetch(self._session_id, self._epoch, changed, forgotten)

    def close_request(self) -> SessionFetch:
        """Return what ends the session at the broker."""
        return SessionFetch(self._session_id, FINAL_EPOCH, {}, {})

    def on_success(
        self, sent: SessionFetch, session_id: int, answered: Iterable[TopicPartition]
    ) -> str | None:
        """Take in an answer without a top-level error.

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
        extra = got - self._partitions.keys()
        if extra:
            return f"partitions not asked for: {_names(extra)}"
        # A throttled broker answers a full request with nothing at all; that keeps its meaning.
        if sent.is_full and got and got != self._partitions.keys():
            return f"partitions missing: {_names(self._partitions.keys() - got)}"
        return None

    def on_error(self, error: type[KafkaError]) -> None:
        """Take in a top-level error or a failed request: the next request opens a new session.

        The id is kept, so that the broker drops the old session then; unless it has said that
        it does not know it.
        """
        if not self._enabled:
            return
        self._epoch = INITIAL_EPOCH
        if error is FetchSessionIdNotFoundError:
            self._session_id = 0


def _names(partitions: Iterable[TopicPartition]) -> str:
    return ", ".join(sorted(f"{tp.topic}-{tp.partition}" for tp in partitions))

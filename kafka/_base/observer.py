"""Facts the core reports about itself; metrics and tests are made from them.

Methods are called on the loop thread unless they say otherwise, per request or per batch and never
per record, and must not block or raise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class Observer:
    """An observer that ignores everything; subclass and override what is of interest.

    Times are in seconds, sizes in bytes.
    """

    __slots__ = ()

    def connection_opened(self, node_id: int) -> None:
        """Report that a connection finished its handshake."""

    def connection_closed(self, node_id: int, cause: BaseException | None) -> None:
        """Report that a connection is gone; *cause* is ``None`` for a close of our own."""

    def request_completed(
        self, node_id: int, api_key: int, latency: float, sent: int, received: int
    ) -> None:
        """Report an answered request."""

    def request_failed(self, node_id: int, api_key: int, cause: BaseException) -> None:
        """Report a request that will get no answer."""

    def throttled(self, node_id: int, api_key: int, seconds: float) -> None:
        """Report a throttle time announced by a broker (KIP-219)."""

    def metadata_updated(self, brokers: int, topics: int) -> None:
        """Report a new cluster snapshot."""

    def batch_sealed(
        self,
        topic: str,
        records: int,
        raw_size: int,
        encoded_size: int,
        sizes: tuple[int | Sequence[int], ...],
    ) -> None:
        """Report an encoded producer batch (any thread).

        *sizes* has the sizes of keys, values and headers: one number if all records have the same,
        negative for none.
        """

    def batch_delivered(self, topic: str, records: int, size: int, queued: float) -> None:
        """Report a batch acknowledged by its broker, *queued* seconds before it was written."""

    def batch_failed(self, topic: str, records: int, cause: BaseException) -> None:
        """Report a batch given up."""

    def batch_retried(self, topic: str, records: int, cause: BaseException) -> None:
        """Report a batch put back into its queue."""

    def callback_failed(self, cause: BaseException) -> None:
        """Report an exception raised by a user's callback (callback thread)."""

    def flushed(self, seconds: float) -> None:
        """Report the end of a flush() (any thread)."""

    def topic_awaited(self, seconds: float) -> None:
        """Report the end of a wait for the metadata of a topic (any thread)."""

    def memory_awaited(self, seconds: float) -> None:
        """Report the end of a wait for ``buffer_memory`` (any thread)."""

    def transaction_called(self, call: str, seconds: float) -> None:
        """Report the end of a call about transactions, whatever came of it (any thread).

        *call* is ``init``, ``begin``, ``send-offsets``, ``commit`` or ``abort``.
        """

    def fetch_completed(self, node_id: int, latency: float, size: int) -> None:
        """Report an answered Fetch."""

    def records_consumed(self, topic: str, partition: int, records: int, size: int) -> None:
        """Report records handed to the application (polling thread).

        *size* is what they took in their batches as received, compressed if those were. It comes
        with no records for what only the protocol needs, such as the ends of transactions.
        """

    def high_watermark(self, topic: str, partition: int, position: int, high: int) -> None:
        """Report a partition's high watermark (last stable offset when read_committed)."""

    def heartbeat_answered(self, latency: float) -> None:
        """Report an answer of a group's coordinator to a heartbeat, whatever it says."""

    def group_joined(self, latency: float) -> None:
        """Report an answered JoinGroup that has made this client a member."""

    def group_synced(self, latency: float) -> None:
        """Report an answered SyncGroup that has brought an assignment."""

    def commit_answered(self, latency: float) -> None:
        """Report an answer of a group's coordinator to a commit, whatever it says."""

    def rebalance_completed(self, seconds: float) -> None:
        """Report the end of a rebalance of this client, which has taken so long."""

    def rebalance_failed(self) -> None:
        """Report that a rebalance of this client has ended without an assignment."""

"""A transaction machine on a bench: inputs in, actions out as short words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from kafka._base.backoff import ExponentialBackoff
from kafka.errors import KafkaError
from kafka.producer.transaction_actions import (
    Accept,
    FailRecords,
    FindCoordinator,
    Flush,
    Identify,
    Refuse,
    Send,
    Settled,
    WakeSender,
)
from kafka.producer.transactions import Transactions, TransactionSettings
from kafka.protocol.messages.add_offsets_to_txn import AddOffsetsToTxnResponse
from kafka.protocol.messages.add_partitions_to_txn import (
    AddPartitionsToTxnRequest,
    AddPartitionsToTxnResponse,
)
from kafka.protocol.messages.end_txn import EndTxnRequest, EndTxnResponse
from kafka.protocol.messages.init_producer_id import InitProducerIdRequest, InitProducerIdResponse
from kafka.protocol.messages.txn_offset_commit import (
    TxnOffsetCommitRequest,
    TxnOffsetCommitResponse,
)
from kafka.structs import ConsumerGroupMetadata, OffsetAndMetadata, TopicPartition

if TYPE_CHECKING:
    from kafka.errors import BrokerResponseError
    from kafka.producer.transaction_actions import Action, Operation
    from kafka.producer.transaction_requests import AnyRequest
    from kafka.protocol.schema import Message

A = TopicPartition("a", 0)
B = TopicPartition("b", 1)
GROUP = ConsumerGroupMetadata("g", 3, "me")


class Bench:
    """Drives one machine.

    Args:
        level: of transaction.version.
        two_phase: whether transactions are prepared.

    Attributes:
        machine: the machine.
        now: the time.
        level: of transaction.version; may change.
        gaps: whether sequences have gaps; may change.
        sent: the request under way.
        settled: what has ended, with its error.
    """

    def __init__(self, level: int = 2, *, two_phase: bool = False) -> None:
        self.now = 0.0
        self.level = level
        self.gaps = False
        self.sent: Send | None = None
        self.settled: list[tuple[Operation, KafkaError | None]] = []
        self.flush = 0
        self.machine = Transactions(
            TransactionSettings("tx", 60_000, two_phase),
            level=lambda: self.level,
            has_gaps=lambda: self.gaps,
            backoff=ExponentialBackoff(0.1, 1.0),
            uniform=lambda low, high: (low + high) / 2,
        )

    # -- outputs -----------------------------------------------------------------------------

    def poll(self) -> list[str]:
        """Return the actions that are due, as words."""
        found: list[str] = []
        while actions := self.machine.poll(self.now):
            found += [self._word(action) for action in actions]
        return found

    def _word(self, action: Action) -> str:
        if isinstance(action, Send):
            self.sent = action
            to = "" if action.group is None else f" to {action.group}"
            return action.request.NAME + to
        if isinstance(action, Settled):
            self.settled.append((action.operation, action.error))
            error = "" if action.error is None else f" {type(action.error).__name__}"
            return f"{action.operation.call.name}{error}"
        if isinstance(action, Flush):
            self.flush = action.number
            return "Flush until answered" if action.until_answered else "Flush"
        if isinstance(action, FailRecords):
            which = "all" if action.in_flight else "unsent"
            own = (f", of {topic} {type(error).__name__}" for topic, error in action.own.items())
            return f"Fail {which} {type(action.error).__name__}{''.join(own)}"
        if isinstance(action, FindCoordinator):
            return f"Find {action.group or 'tx'}"
        if isinstance(action, Identify):
            return f"Identify {action.producer.producer_id}/{action.producer.epoch}"
        assert isinstance(action, Accept | Refuse | WakeSender)
        return type(action).__name__

    # -- inputs ------------------------------------------------------------------------------

    def wait(self, seconds: float) -> list[str]:
        """Let time go by."""
        self.now += seconds
        return self.poll()

    def answer(self, answer: Message | KafkaError) -> list[str]:
        """Answer the request under way."""
        assert self.sent is not None
        sent, self.sent = self.sent, None
        self.machine.on_response(sent, answer, self.now)
        return self.poll()

    def succeed(self) -> list[str]:
        """Answer the request under way as a broker does that has no objection."""
        assert self.sent is not None
        return self.answer(self.success(self.sent.request))

    def success(self, request: AnyRequest) -> Message:
        """Return the answer of a broker that has no objection."""
        machine = self.machine
        if isinstance(request, InitProducerIdRequest):
            return InitProducerIdResponse(producer_id=7, producer_epoch=machine.producer.epoch + 1)
        if isinstance(request, EndTxnRequest):
            if not machine.joins_by_writing:
                return EndTxnResponse()
            return EndTxnResponse(producer_id=7, producer_epoch=machine.producer.epoch + 1)
        if isinstance(request, AddPartitionsToTxnRequest):
            return AddPartitionsToTxnResponse()
        if isinstance(request, TxnOffsetCommitRequest):
            return TxnOffsetCommitResponse()
        return AddOffsetsToTxnResponse()

    def fail(self, error: type[BrokerResponseError]) -> list[str]:
        """Answer the request under way with an error code."""
        assert self.sent is not None
        return self.answer(failure(self.sent.request, error))

    def flushed(self) -> list[str]:
        """Give all records an outcome."""
        self.machine.on_flushed(self.flush)
        return self.poll()

    # -- ways into states --------------------------------------------------------------------

    def ready(self) -> Self:
        """Initialize."""
        self.machine.init()
        self.poll()
        self.succeed()
        return self

    def open(self) -> Self:
        """Begin a transaction."""
        self.ready()
        self.machine.begin()
        self.poll()
        return self

    def written(self) -> Self:
        """Begin a transaction that has a partition."""
        self.open()
        if not self.machine.may_write(A):
            self.poll()
            self.succeed()
        assert self.machine.may_write(A)
        return self

    def offsets(self) -> Operation:
        """Begin to add offsets."""
        return self.machine.send_offsets({A: OffsetAndMetadata(5, "", 2)}, GROUP)


def failure(request: AnyRequest, error: type[BrokerResponseError]) -> Message:
    """Return the answer to *request* that has the code of *error* where the API has one."""
    code = error.errno
    if isinstance(request, AddPartitionsToTxnRequest):
        response = AddPartitionsToTxnResponse
        return response(
            results_by_topic_v3_and_below=[
                response.AddPartitionsToTxnTopicResult(
                    name=topic.name,
                    results_by_partition=[
                        response.AddPartitionsToTxnPartitionResult(
                            partition_index=number, partition_error_code=code
                        )
                        for number in topic.partitions
                    ],
                )
                for topic in request.v3_and_below_topics
            ]
        )
    if isinstance(request, TxnOffsetCommitRequest):
        answer = TxnOffsetCommitResponse
        return answer(
            topics=[
                answer.TxnOffsetCommitResponseTopic(
                    name=topic.name,
                    partitions=[
                        answer.TxnOffsetCommitResponsePartition(
                            partition_index=part.partition_index, error_code=code
                        )
                        for part in topic.partitions
                    ],
                )
                for topic in request.topics
            ]
        )
    if isinstance(request, InitProducerIdRequest):
        return InitProducerIdResponse(error_code=code)
    if isinstance(request, EndTxnRequest):
        return EndTxnResponse(error_code=code)
    return AddOffsetsToTxnResponse(error_code=code)

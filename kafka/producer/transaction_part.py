"""What a producer's core does about its identity and numbers; runs on the loop.

`TransactionPart` stands between the sender and `TransactionManager`, which decides: it carries out
its actions, and has the numbers of a partition given anew when a broker refuses them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from kafka._base.drive import Driver
from kafka.errors import KafkaError
from kafka.net.retrying import no_refusal
from kafka.producer.producer_ids import FailBatches, ProducerIds, Send, SendUnstamped
from kafka.producer.sequences import Sequences
from kafka.producer.transaction_manager import TransactionManager

if TYPE_CHECKING:
    from collections.abc import Callable

    from kafka._base.backoff import ExponentialBackoff
    from kafka.net.network_client import NetworkClient
    from kafka.producer.producer_batch import ProducerBatch
    from kafka.producer.topic_info import PartitionQueue
    from kafka.protocol.schema import Message


class Batches(Protocol):
    """What is done with batches; the sender does it."""

    def wake(self) -> None:
        """Look at the queues soon."""

    def renumber(self, queue: PartitionQueue) -> None:
        """Have the batches of *queue* that were sent before get new numbers."""

    def fail_queued(self, error_of: Callable[[ProducerBatch], KafkaError]) -> None:
        """Fail all batches that wait in their queues, each with its error."""

    def when_answered(self, done: Callable[[], None]) -> None:
        """Call *done*, which does not raise, once no batch is in flight."""

    def cap_versions(self, max_version: int | None) -> None:
        """Send no higher version of Produce from now on; ``None`` for the highest there is."""

    def send_unstamped(self) -> None:
        """Give batches no numbers from now on."""


class TransactionPart:
    """The identity and the numbers of one producer.

    Args:
        net: the network.
        backoff: between two attempts to get a producer id.
        required: whether it is an error that the brokers are too old.

    Attributes:
        manager: decides.
    """

    def __init__(self, net: NetworkClient, *, backoff: ExponentialBackoff, required: bool) -> None:
        self._net = net
        self._runtime = net.runtime
        sequences = Sequences()
        ids = ProducerIds(
            sequences, backoff=backoff, uniform=net.runtime.uniform, required=required
        )
        self.manager = TransactionManager(sequences, ids)
        self._driver = Driver([self.manager], net.runtime)

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<TransactionPart {self.manager!r}>"

    def attach(self, batches: Batches) -> None:
        """Do with *batches* what the manager decides."""
        self._batches = batches
        self._driver.register(
            {
                Send: self._send,
                FailBatches: lambda action: batches.fail_queued(lambda _: action.error),
                SendUnstamped: lambda _action: batches.send_unstamped(),
            }
        )

    def start(self) -> None:
        """Obtain a producer id."""
        self._driver.wake()

    def close(self) -> None:
        """Decide nothing more."""
        self._driver.close()

    # -- for the sender ----------------------------------------------------------------------

    def may_drain(self, queue: PartitionQueue) -> bool:
        """Return whether the first batch of *queue*, which has one, may be written."""
        tp, stamp = queue.topic_partition, queue.batches[0].stamp
        return self.manager.may_drain(tp, stamp, queue.in_flight) or self._may_drain_yet(queue)

    def _may_drain_yet(self, queue: PartitionQueue) -> bool:
        """Do what lets the first batch of *queue* go; return whether it may go in this step."""
        tp = queue.topic_partition
        if tp in self.manager.refused and not queue.in_flight:
            self._batches.renumber(queue)
            return bool(queue.batches) and self.may_drain(queue)
        if self.manager.on_wanted():
            self._driver.wake()
        return False

    # -- requests ----------------------------------------------------------------------------

    def _send(self, action: Send) -> None:
        self._runtime.spawn(self._ask(action), name=f"produce-{action.request.NAME}")

    async def _ask(self, action: Send) -> None:
        answer: Message | KafkaError
        try:
            answer = await self._net.ask_any(action.request, no_refusal)
        except KafkaError as exc:
            answer = exc
        self.manager.on_response(answer, self._runtime.clock.now())
        self._driver.run_now()
        self._batches.wake()

"""What an application does with transactions: begin, send, commit or abort, and again.

It does what the documentation says: what timed out is called again, after any other error the
transaction is aborted, and a producer that cannot even do that is closed.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from kafka.errors import KafkaError, KafkaTimeoutError
from kafka.structs import OffsetAndMetadata, TopicPartition
from test.simulation.producers.committed import End

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from random import Random

    from kafka.producer.async_producer import AsyncKafkaProducer
    from kafka.producer.future import FutureRecordMetadata
    from test.simulation.producers.committed import Committed, Transaction

    Send = Callable[[], Awaitable[FutureRecordMetadata | None]]

_TRIES: Final = 20


class Transactions:
    """The transactions of one writer.

    Args:
        name: of the writer.
        producer: started.
        committed: told of every transaction.
        trace: told of what happens.
        random: decides what the application does.
        send: sends a record of the writer.

    Attributes:
        current: the transaction in which records are sent now.
        is_over: whether the producer cannot go on.
    """

    def __init__(
        self,
        name: str,
        producer: AsyncKafkaProducer,
        committed: Committed,
        trace: Callable[[str], object],
        random: Random,
        send: Send,
    ) -> None:
        self.current: Transaction | None = None
        self.is_over = False
        self._asked = False
        self._name = name
        self._producer = producer
        self._committed = committed
        self._trace = trace
        self._random = random
        self._send = send

    async def start(self, transactional_id: str) -> None:
        """Take the transactional id over."""
        await self._until_done(self._producer.init_transactions)
        if not self.is_over:
            self._trace(f"{self._name} has {transactional_id}")
            self._committed.take_over(transactional_id, self._name)

    async def run_one(
        self, count: int, pause: float, *, commits: bool, offsets: bool = False
    ) -> bool:
        """Go through one transaction.

        Args:
            count: how many records are in it.
            pause: seconds between the last of them and the end.
            commits: whether it is to be committed.
            offsets: whether it commits offsets as well.

        Returns:
            Whether it was committed.
        """
        transaction = None
        self._asked = False
        try:
            await self._producer.begin_transaction()
            transaction = self.current = self._committed.begin(self._name, self._now())
            for _ in range(count):
                await self._send()
            if offsets:
                await self._send_offsets()
            await asyncio.sleep(pause)
            return await self._end(transaction, commits=commits)
        except KafkaError as error:
            self._trace(f"{self._name}: {error!r} in a transaction")
            if transaction is not None:
                await self._abort(transaction)
            else:
                self.is_over = True
            return False
        finally:
            self.current = None
            if transaction is not None:
                self._committed.end(transaction, self._without_end, self._now())

    @property
    def _without_end(self) -> End:
        """What is known of a transaction whose end nobody was told."""
        return End.UNKNOWN if self._asked else End.ABORTED

    async def _send_offsets(self) -> None:
        offsets = {TopicPartition("t", 0): OffsetAndMetadata(self._random.randrange(100))}
        await self._producer.send_offsets_to_transaction(offsets, "a-group")

    async def _end(self, transaction: Transaction, *, commits: bool) -> bool:
        if not commits:
            await self._abort(transaction)
            return False
        self._asked = True
        error = await self._until_done(self._producer.commit_transaction, gives_up=False)
        if error is None:
            self._committed.end(transaction, End.COMMITTED, self._now())
            self._trace(f"{self._name} has committed {sorted(transaction.numbers)}")
            return True
        if isinstance(error, KafkaTimeoutError):
            self.is_over = True
            return False
        await self._abort(transaction)
        return False

    async def _abort(self, transaction: Transaction) -> None:
        error = await self._until_done(self._producer.abort_transaction)
        end = End.ABORTED if error is None else self._without_end
        self._committed.end(transaction, end, self._now())
        self._trace(f"{self._name}: {end.value} {sorted(transaction.numbers)}")

    async def _until_done(
        self, call: Callable[[], Awaitable[object]], *, gives_up: bool = True
    ) -> KafkaError | None:
        """Call *call* until it does not time out; return the error with which it ended."""
        error: KafkaError | None = None
        for _ in range(_TRIES):
            try:
                await call()
            except KafkaTimeoutError as timeout:
                self._trace(f"{self._name}: {timeout!r}")
                error = timeout
            except KafkaError as final:
                self._trace(f"{self._name}: {final!r}")
                error = final
                break
            else:
                return None
        self.is_over = self.is_over or gives_up
        return error

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()

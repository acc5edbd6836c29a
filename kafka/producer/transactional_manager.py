"""What the sender of a transactional producer asks before it writes, and tells afterwards.  Pure.

Puts `Transactions` and `Sequences` together, with the methods that `TransactionManager` has for a
producer without transactions. Where such a producer goes to the next epoch by itself, here the
transaction fails: its coordinator alone gives epochs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.errors.verdict import Verdict
from kafka.producer.transaction_requests import is_fatal_to_produce

if TYPE_CHECKING:
    from collections.abc import Collection

    from kafka.errors import KafkaError
    from kafka.producer.sequences import ProducerStamp, Sequences
    from kafka.producer.transactions import Transactions
    from kafka.structs import TopicPartition


class TransactionalManager:
    """The transactions and the numbers of a producer.

    Args:
        transactions: decides which partitions belong to a transaction.
        sequences: numbers batches.

    Attributes:
        sequences: as given; what concerns numbers alone is asked of it.
    """

    def __init__(self, transactions: Transactions, sequences: Sequences) -> None:
        self._transactions = transactions
        self.sequences = sequences

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<TransactionalManager {self._transactions!r} {self.sequences!r}>"

    def may_drain(self, tp: TopicPartition, stamp: ProducerStamp, in_flight: int) -> bool:
        """Return whether the first batch of *tp* may be written; see `Sequences.may_drain`."""
        return self._transactions.may_write(tp) and self.sequences.may_drain(tp, stamp, in_flight)

    # -- numbers that a broker refuses -------------------------------------------------------

    @property
    def refused(self) -> Collection[TopicPartition]:
        """Nothing: no batch gets another number within its transaction."""
        return ()

    def may_renumber(self, tp: TopicPartition, stamp: ProducerStamp, *, in_doubt: bool) -> bool:
        """Return whether an open batch may get another number: none may."""
        del tp, stamp, in_doubt
        return False

    @property
    def error(self) -> KafkaError | None:
        """Why the request under way has to be repeated; ``None`` if it need not."""
        return self._transactions.trouble

    @property
    def given_up(self) -> KafkaError | None:
        """Why no batch is sent any more; ``None`` if batches are sent."""
        return self._transactions.given_up

    # -- outcomes ----------------------------------------------------------------------------

    def judge(
        self,
        tp: TopicPartition,
        stamp: ProducerStamp,
        error: KafkaError,
        *,
        log_start_offset: int = -1,
        in_doubt: bool,
    ) -> Verdict | None:
        """Return what *error* makes of a batch; ``None``: ask the table of Produce.

        `Verdict.FATAL` fails it, and with it the transaction or the producer.
        """
        if self._transactions.gives_up or is_fatal_to_produce(error):
            return Verdict.FATAL
        judged = self.sequences.judge(
            tp, stamp, error, log_start_offset=log_start_offset, in_doubt=in_doubt
        )
        return Verdict.FATAL if judged is Verdict.RESET else judged

"""What calls return that ask every broker: all answers together, and beside them who said what.

Pure. ``==``, ``json.dumps`` and iteration see the shape of kafka-python 3.x.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kafka.admin.operation import Outcome
    from kafka.errors import KafkaError

K = TypeVar("K")
T = TypeVar("T")


class ListOfAnswers(list[T]):
    """A list of what all brokers have answered.

    Args:
        items: the list.
        outcome: of the call. Any: its keys are node ids or what else was asked about.

    Attributes:
        results: what was answered, by key.
        errors: why there is no answer, by key.
    """

    def __init__(self, items: Iterable[T], outcome: Outcome[Any, Any]) -> None:
        super().__init__(items)
        self.results: Mapping[Any, Any] = outcome.results
        self.errors: Mapping[Any, KafkaError] = outcome.errors


class DictOfAnswers(dict[K, T]):
    """A dict of what all brokers have answered.

    Args:
        items: the dict.
        outcome: of the call. Any: its keys are node ids or what else was asked about.

    Attributes:
        results: what was answered, by key.
        errors: why there is no answer, by key.
    """

    def __init__(self, items: Mapping[K, T], outcome: Outcome[Any, Any]) -> None:
        super().__init__(items)
        self.results: Mapping[Any, Any] = outcome.results
        self.errors: Mapping[Any, KafkaError] = outcome.errors

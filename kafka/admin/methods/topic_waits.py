"""Wait for topics to come and go: what one broker has been told, others learn a little later.

What is asked again and when is for the shared back-off; the loops are those of
`kafka.net.retrying`.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from kafka.admin.operations.topic_views import views_of, whole
from kafka.admin.settled import joined
from kafka.errors import (
    KafkaError,
    KafkaTimeoutError,
    RetriableError,
    StaleMetadata,
    UnknownTopicOrPartitionError,
    for_code,
)
from kafka.errors.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from kafka._base.deadline import Deadline
    from kafka.admin.admin import Admin
    from kafka.admin.operation import Outcome, Verdicts
    from kafka.admin.operations.topic_views import ViewTopics

# Seconds after which a broker that has not answered counts as not living, for these questions.
_PATIENCE: Final = 2.0
# Metadata of the client itself does not matter here.
_VERDICTS: Final[Verdicts] = {StaleMetadata: Verdict.RETRY}
_UNKNOWN: Final = UnknownTopicOrPartitionError.errno
# So many topics are named in the message of an error.
_SHOWN: Final = 5


async def wait_until_known(admin: Admin, names: Sequence[str], deadline: Deadline) -> None:
    """Wait until every broker that answers has all topics, with a leader for each partition.

    Raises:
        KafkaTimeoutError: they are not there in time; the message says what is missing where.
    """
    await _wait(admin, names, deadline, "not ready", lambda code: code != 0)


async def wait_until_gone(admin: Admin, names: Sequence[str], deadline: Deadline) -> None:
    """Wait until no broker that answers lists any of the topics.

    Raises:
        KafkaTimeoutError: they are still there; the message says where.
    """
    await _wait(admin, names, deadline, "still listed", lambda code: code != _UNKNOWN)


async def _wait(
    admin: Admin,
    names: Sequence[str],
    deadline: Deadline,
    trouble: str,
    is_missed: Callable[[int], bool],
) -> None:
    operations = views_of(names)

    async def attempt() -> bool | KafkaError:
        outcome = await _views(admin, operations, deadline)
        if not outcome.results:
            return next(iter(outcome.errors.values()))
        _raise_refusals(outcome.results)
        found = [
            f"{name} on node {node}: {for_code(code).__name__ if code else 'there'}"
            for node, codes in outcome.results.items()
            for name in names
            if is_missed(code := codes.get(name, _UNKNOWN))
        ]
        more = ", ..." if len(found) > _SHOWN else ""
        return StaleMetadata(f"{', '.join(found[:_SHOWN])}{more}") if found else True

    began = admin.net.runtime.clock.now()
    try:
        found = await admin.until(deadline, attempt, _VERDICTS)
    except KafkaTimeoutError as error:  # not even the brokers that there are could be found out
        found = error
    if isinstance(found, KafkaError):
        seconds = admin.net.runtime.clock.now() - began
        what: object = found.args[0]
        if not isinstance(found, StaleMetadata):
            more = ", ..." if len(names) > _SHOWN else ""
            what = f"{', '.join(names[:_SHOWN])}{more}: no broker has answered: {found}"
        raise KafkaTimeoutError(f"topics {trouble} after {seconds:.1f} s: {what}") from found


async def _views(
    admin: Admin, operations: Iterable[ViewTopics], deadline: Deadline
) -> Outcome[int, dict[str, int]]:
    parts = [
        admin.run_everywhere(operation, deadline, patience=_PATIENCE) for operation in operations
    ]
    return joined(await asyncio.gather(*parts), whole)


def _raise_refusals(views: Mapping[int, Mapping[str, int]]) -> None:
    """Raise what a broker says of a topic if that will not change by waiting."""
    for node, codes in views.items():
        for name, code in codes.items():
            kind = for_code(code)
            if code and not issubclass(kind, RetriableError):
                raise kind(f"topic {name}: {kind.description.rstrip('.')} (Metadata, node {node})")

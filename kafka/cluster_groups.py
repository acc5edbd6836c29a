"""The coordinators that programs have looked up by themselves.  Pure.

Our own clients look theirs up with `kafka.net.coordinator_link`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from kafka._base.logs import logger
from kafka.errors import NoError, for_code
from kafka.structs import BrokerMetadata

if TYPE_CHECKING:
    from collections.abc import Mapping

log = logger(__name__)

GROUP: Final = "group"
NOT_KNOWN: Final = -1
#: How the ids of nodes start that stand for one more connection to a coordinator.
COORDINATOR_PREFIX: Final = "coordinator-"


class CoordinatorAnswer(Protocol):
    """What FindCoordinator says of one coordinator.

    It is a response before version 4, of either kind, or one that has such in a list
    ``coordinators``, each with its ``key``. The id is the ``node_id``, or ``coordinator_id`` as
    kafka-python 2.x names it.
    """

    error_code: int
    host: str
    port: int


class GroupCoordinators:
    """What was found out about coordinators.

    Attributes:
        brokers: by the id of the connection.
    """

    def __init__(self) -> None:
        self.brokers: dict[str, BrokerMetadata] = {}
        self._found: dict[tuple[str, str], str | int] = {}

    @property
    def groups(self) -> Mapping[str, str | int]:
        """The coordinator of each group, -1 after an error."""
        return {key: node for (kind, key), node in self._found.items() if kind == GROUP}

    def of(self, key: str, key_type: object) -> str | int | None:
        """Return the coordinator of *key*; -1 after an error, ``None`` if nobody has asked."""
        return self._found.get((_kind(key_type), key))

    def add(
        self, answer: CoordinatorAnswer, key: str, key_type: object, *, own_connection: bool = True
    ) -> str | int | None:
        """Take over an answer.

        Args:
            answer: of the broker that was asked.
            key: the group or the transactional id.
            key_type: "group" (or 0), "transaction" (or 1).
            own_connection: whether requests to the coordinator go over a connection of their own.

        Returns:
            The id to send requests to; ``None`` if the answer is an error.

        Raises:
            ValueError: the answer is about other keys.
        """
        place = _kind(key_type), key
        answer = _about(answer, key)
        error = for_code(answer.error_code)
        if error is not NoError:
            log.error("no coordinator of %s %s: %s", *place, error.__name__)
            self._found[place] = NOT_KNOWN
            return None
        number = _node_id(answer)
        node_id: str | int = number
        if own_connection:
            name = f"{COORDINATOR_PREFIX}{number}"
            # The one place where an id is text, for the sake of code written for kafka-python 2.x.
            self.brokers[name] = BrokerMetadata(name, answer.host, answer.port, None)  # type: ignore[arg-type]
            node_id = name
        self._found[place] = node_id
        return node_id


def _kind(key_type: object) -> str:
    """Return a type of coordinator by its name; kafka-python has names, numbers and an enum."""
    number = getattr(key_type, "value", key_type)
    return number if isinstance(number, str) else (GROUP, "transaction", "share")[int(str(number))]


# Any: a structure of 2.x, or an element of one, has its fields by the names of its version.
def _about(answer: Any, key: str) -> Any:
    """Return the part of *answer* that is about *key*; before version 4 that is all of it."""
    if not getattr(answer, "coordinators", None):
        return answer
    if hasattr(answer, "API_VERSION"):
        # Decoded, the elements have names, which the tuples that a program wrote have not.
        answer = type(answer).decode(answer.encode())
    # The answer to a question of an old version, which is about one key, does not repeat it.
    found = [one for one in answer.coordinators if one.key in (key, "")]
    if not found:
        keys = ", ".join(one.key for one in answer.coordinators)
        raise ValueError(f"the answer is not about {key}, but about {keys}")
    return found[0]


def _node_id(answer: Any) -> int:
    is_named_as_in_2 = hasattr(answer, "coordinator_id")
    found: int = answer.coordinator_id if is_named_as_in_2 else answer.node_id
    return found

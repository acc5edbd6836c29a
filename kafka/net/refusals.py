"""The brokers that have refused a client, and until when.  Pure: `now` is passed in.

One broker that refuses among others that do not is like one that is down: what waits for it is
tried again. When all refuse, the credentials or certificates are wrong, and calls end at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kafka.errors import KafkaConnectionError
from kafka.errors.verdict import is_refusal
from kafka.net.diagnosis import again, message_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from kafka.errors import KafkaError


class _Refusal(NamedTuple):
    error: KafkaError
    until: float


class Refusals:
    """What brokers have refused, by node.

    Args:
        nodes: returns the nodes of the cluster.
        is_connected: returns whether a connection to a node is ready: it accepted the client once,
            and still answers.
    """

    def __init__(
        self, nodes: Callable[[], Iterable[int]], is_connected: Callable[[int], bool]
    ) -> None:
        self._nodes = nodes
        self._is_connected = is_connected
        self._by_node: dict[int, _Refusal] = {}

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<Refusals nodes={sorted(self._by_node)}>"

    def note(self, node_id: int, error: KafkaError, until: float) -> None:
        """Note that a node has refused; it is not dialled before *until*."""
        self._by_node[node_id] = _Refusal(error, until)

    def forget(self, node_id: int) -> None:
        """Forget the past of a node: it has accepted, moved or left."""
        self._by_node.pop(node_id, None)

    def met(self, error: KafkaError) -> KafkaError:
        """Return the error for who waits for a node, after an attempt that ended with *error*."""
        if is_refusal(error) and self._have_all_refused():
            return type(error)(message_of(error))
        return KafkaConnectionError(message_of(error))

    def of(self, node_id: int, now: float) -> KafkaError | None:
        """Return the error for who asks for a node that has refused; ``None`` once it is due."""
        refusal = self._by_node.get(node_id)
        if refusal is None or now >= refusal.until:
            return None
        error = again(refusal.error, refusal.until - now)
        return error if self._have_all_refused() else self._as_connection_error(error)

    def of_all(self, now: float) -> KafkaError | None:
        """Return the error for who asks any node; ``None`` unless all have refused and none is due.

        It is that of the node to be dialled first.
        """
        if not self._have_all_refused():
            return None
        known = set(self._nodes())
        refusals = [refusal for node, refusal in self._by_node.items() if node in known]
        first = min(refusals, key=lambda refusal: refusal.until)
        return None if now >= first.until else again(first.error, first.until - now)

    def _have_all_refused(self) -> bool:
        if not self._by_node:
            return False
        nodes = set(self._nodes())
        if not nodes or not nodes <= self._by_node.keys():
            return False
        return not any(map(self._is_connected, nodes))

    @staticmethod
    def _as_connection_error(error: KafkaError) -> KafkaError:
        found = KafkaConnectionError(message_of(error))
        found.__cause__ = error
        return found

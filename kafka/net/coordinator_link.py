"""Find the coordinator of a group or of a transactional id, and send it requests.

Runs on the loop. It repeats the look-up for as long as somebody wants the coordinator. It does not
repeat requests: whoever sends one decides what its error means, and calls `CoordinatorLink.find`
after those that say the coordinator is another broker, or does not answer.
"""

from __future__ import annotations

import asyncio
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Final, TypeVar

from kafka._base.deadline import NEVER
from kafka._base.futures import mark_retrieved
from kafka._base.logs import logger
from kafka.errors import (
    CoordinatorLoadInProgressError,
    CoordinatorNotAvailableError,
    IllegalStateError,
    KafkaConnectionError,
    KafkaError,
    NotCoordinatorError,
    StaleMetadata,
    UnknownError,
    for_code,
)
from kafka.errors.verdict import Verdict, is_refusal
from kafka.net.diagnosis import message_of
from kafka.net.node_states import PATIENCE
from kafka.protocol.messages.find_coordinator import (
    FindCoordinatorRequest,
    FindCoordinatorResponse,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

    from kafka.net.network_client import NetworkClient
    from kafka.protocol.schema import Message, Request

    Listener = Callable[[int | None, KafkaError | None, float], None]

log = logger(__name__)

R = TypeVar("R", bound="Message")

FIND_COORDINATOR_VERDICTS: Final[Mapping[type[KafkaError], Verdict]] = {
    # The first look-up in a new cluster creates the topic that coordinators keep their data in.
    CoordinatorNotAvailableError: Verdict.RETRY,
    CoordinatorLoadInProgressError: Verdict.RETRY,
    NotCoordinatorError: Verdict.RETRY,
    UnknownError: Verdict.RETRY,
}
"""What to do about the error of a FindCoordinator answer; all others follow their class."""

# Seconds after which a look-up that has found nothing is worth a line in the log.
_WORTH_A_LINE: Final = 10.0
# Seconds between two look-ups, at most, while a coordinator does not answer a request.
_LONGEST_PAUSE: Final = 4.0


class KeyType(IntEnum):
    """What a coordinator coordinates."""

    GROUP = 0
    TRANSACTION = 1


class CoordinatorLink:
    """The way to the coordinator of one *key*.

    While a request waits for its answer longer than `PATIENCE`, the coordinator is looked up
    again: a broker that has frozen must not keep its groups until requests time out.

    Args:
        client: the network.
        key: group id or transactional id.
        key_type: which of them *key* is.

    Attributes:
        node_id: the coordinator, ``None`` while it is not known.
        trouble: why it has not been found yet, ``None`` if nothing is known against it.
        on_coordinator: called with the node when a look-up has found it, unless it was known to be
            that one; and with ``None`` and the error of a look-up that `find` began, if trying
            again would not help. The third argument is the time.
    """

    def __init__(self, client: NetworkClient, key: str, key_type: KeyType = KeyType.GROUP) -> None:
        self._client = client
        self._clock = client.runtime.clock
        self._name = f"{key_type.name.lower()}={key}"
        self._request = FindCoordinatorRequest(key_type=key_type, coordinator_keys=[key])
        self._search: asyncio.Task[int | KafkaError] | None = None
        self._since = 0.0
        self._reported = False
        # Whether somebody wants the coordinator who does not wait in `send`.
        self._asked = False
        self._waiting = 0
        self._sent: dict[asyncio.Task[Any], int] = {}  # Any: each request has its own response
        self.node_id: int | None = None
        self.trouble: KafkaError | None = None
        self.on_coordinator: list[Listener] = []

    def __repr__(self) -> str:
        """Return a status line."""
        state = "SEARCHING" if self._search is not None else "IDLE"
        return f"<CoordinatorLink {self._name} {state} node={self.node_id}>"

    def find(self) -> None:
        """Look the coordinator up, as long as it takes; what was known of it is forgotten.

        Ends with a call of `on_coordinator`. While a look-up runs, asking again changes nothing.
        """
        self._asked = True
        self.node_id = None
        self._begin_search()

    async def send(
        self,
        request: Request[R],
        *,
        channel: str,
        timeout: float,  # noqa: ASYNC109 - the response has the whole of it
        max_version: int | None = None,
    ) -> R:
        """Send *request* to the coordinator, and return the response, error codes and all.

        Args:
            request: in its newest shape.
            channel: name of the connection.
            timeout: seconds for the look-up, if there has to be one; and once more for the answer.
            max_version: highest version to use.

        Raises:
            CoordinatorNotAvailableError: it was not found in time.
            NotCoordinatorError: another broker became the coordinator while this one was silent.
            KafkaError: why it cannot be found; or as `NetworkClient.send`.
        """
        node_id = self.node_id
        if node_id is None:
            node_id = await self._wait_for_node(timeout)
        sending = self._client.send(
            request, node_id, timeout=timeout, channel=channel, max_version=max_version
        )
        return await self._answer(sending, node_id)

    # -- the look-up -----------------------------------------------------------------------

    def _begin_search(self) -> asyncio.Task[int | KafkaError]:
        if self._search is None:
            self._since, self._reported = self._clock.now(), False
            self._search = self._client.runtime.spawn(self._run(), name=f"find-{self._name}")
        return self._search

    async def _run(self) -> int | KafkaError:
        found: int | KafkaError
        try:
            answer = await self._client.retrying.until(
                NEVER, self._attempt, FIND_COORDINATOR_VERDICTS
            )
            found = answer if isinstance(answer, KafkaError) else answer.coordinators[0].node_id
        except KafkaError as error:
            found = error
        self._search = None
        self._apply(found)
        return found

    async def _attempt(self) -> FindCoordinatorResponse | KafkaError:
        try:
            return await self._client.ask_any(self._request, self._refusal)
        except KafkaError as error:
            self._note(error)
            return _as_passing(error)

    def _refusal(self, response: Message) -> KafkaError | None:
        assert isinstance(response, FindCoordinatorResponse)
        found = response.coordinators[0]
        if found.error_code:
            return for_code(found.error_code)(f"{self._name}: {found.error_message or 'no reason'}")
        if found.node_id not in self._client.snapshot.brokers:
            # A broker that has just joined the cluster: metadata will say where it is.
            return StaleMetadata(f"{self._name}: where node {found.node_id} is, is not known yet")
        return None

    def _note(self, error: KafkaError) -> None:
        self.trouble = error
        lasts = self._clock.now() - self._since
        if lasts >= _WORTH_A_LINE and not self._reported:
            self._reported = True
            log.warning("%s no coordinator found for %.0f s: %s", self._name, lasts, error)

    def _apply(self, found: int | KafkaError) -> None:
        now = self._clock.now()
        asked, self._asked = self._asked, False
        if isinstance(found, KafkaError):
            self.trouble = found
            if asked:
                self._tell(None, found, now)
            return
        if found == self.node_id:
            return
        broker = self._client.snapshot.brokers.get(found)
        where = "" if broker is None else f" at {broker.host}:{broker.port}"
        log.info("%s coordinator is node %d%s", self._name, found, where)
        self.node_id, self.trouble = found, None
        for task, node_id in self._sent.items():
            if node_id != found:
                task.cancel()
        self._tell(found, None, now)

    def _tell(self, node_id: int | None, error: KafkaError | None, now: float) -> None:
        for listener in self.on_coordinator:
            listener(node_id, error, now)

    async def _wait_for_node(self, seconds: float) -> int:
        search = self._begin_search()
        self._waiting += 1
        try:
            await asyncio.wait({search}, timeout=seconds)
        finally:
            self._waiting -= 1
            if search is self._search and not (self._waiting or self._asked):
                search.cancel()  # nobody wants it any more
                self._search = None
        if not search.done():
            raise CoordinatorNotAvailableError(
                f"{self._name}: no coordinator found in {seconds:.1f} s: "
                f"{self.trouble or 'no answer'}"
            )
        if search.cancelled():
            raise IllegalStateError(f"{self._name}: the client is closed")
        found = search.result()
        if isinstance(found, KafkaError):
            raise found
        return found

    # -- requests --------------------------------------------------------------------------

    # Any: the two unused parameters of a coroutine's type.
    async def _answer(self, sending: Coroutine[Any, Any, R], node_id: int) -> R:
        """Wait for the answer of a node; look the coordinator up now and then meanwhile."""
        task = asyncio.ensure_future(sending)
        task.add_done_callback(mark_retrieved)  # the caller may be gone
        self._sent[task] = node_id
        pause = PATIENCE
        try:
            while True:
                await asyncio.wait({task}, timeout=pause)
                if task.cancelled():
                    raise NotCoordinatorError(
                        f"{self._name}: node {node_id} was silent, and node {self.node_id} is the "
                        "coordinator now"
                    )
                if task.done():
                    return _result(task)
                self._begin_search()
                pause = min(2 * pause, _LONGEST_PAUSE)
        finally:
            del self._sent[task]
            task.cancel()


def _result(task: asyncio.Task[R]) -> R:
    try:
        return task.result()
    except KafkaError as error:
        if is_refusal(error):
            raise _as_passing(error) from error
        raise


def _as_passing(error: KafkaError) -> KafkaError:
    """Return *error*, or one that is tried again in the place of a refusal.

    A group or a transaction outlives the refusal of credentials that are being changed. It is for
    the calls that wait for brokers to raise it.
    """
    if not is_refusal(error):
        return error
    passing = KafkaConnectionError(message_of(error))
    passing.__cause__ = error
    return passing

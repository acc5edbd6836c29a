"""Who waits for metadata, who listens to it, and how old it is.  Pure: the clock is passed in.

The owner of the cluster's metadata asks for it and says here what has come of that. It chooses the
thread on which futures are resolved and listeners called.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from kafka._base.logs import logger

if TYPE_CHECKING:
    from collections.abc import Callable

    from kafka._base.clock import Clock
    from kafka.future import Future

    # Any: `kafka.cluster.ClusterMetadata`, which imports this module.
    Listener = Callable[[Any], object]

log = logger(__name__)


def _at_once(work: Callable[[], object]) -> None:
    work()


class ClusterUpdates:
    """The updates of the metadata of one cluster.

    Args:
        clock: the time.
        retry_backoff: seconds from one attempt to the next at least.
        max_age: seconds after which what is known is to be fetched again.

    Attributes:
        on_request: called, on any thread, when an update has been asked for.
        deliver: runs what resolves futures and calls listeners; at once by default.
        on_told: called after each attempt, when its futures are resolved or on their way.
    """

    def __init__(self, clock: Clock, *, retry_backoff: float, max_age: float) -> None:
        self.on_request: Callable[[], object] | None = None
        self.deliver: Callable[[Callable[[], object]], object] = _at_once
        self.on_told: list[Callable[[], object]] = []
        self._clock = clock
        self._retry_backoff = retry_backoff
        self._max_age = max_age
        self._future: Future | None = None
        self._listeners: list[Listener] = []
        self._requested = self._noted = 0
        self._is_wanted = False
        self._not_before = self._updated_at = -math.inf
        self._end: BaseException | None = None

    @property
    def is_wanted(self) -> bool:
        """Whether an update has been asked for and not come yet."""
        return self._is_wanted

    def request(self) -> Future:
        """Ask for an update; return the future of the next one, failed after `end`."""
        from kafka.future import Future  # noqa: PLC0415 - most programs never ask

        if self._end is not None:
            return Future().failure(self._end)
        self._requested += 1
        self._is_wanted = True
        future = self._future
        if future is None or future.is_done:
            future = self._future = Future()
        if self.on_request is not None:
            self.on_request()
        return future

    def note_requests(self) -> None:
        """Note that what is asked of brokers from now on answers all requests so far."""
        self._noted = self._requested

    def has_new_requests(self) -> bool:
        """Return whether there was a request that the owner has not noted yet."""
        return self._noted != self._requested

    def ttl(self) -> float:
        """Return the seconds until metadata should be fetched, 0.0 for now."""
        now = self._clock.now()
        fresh = 0.0 if self._is_wanted else self._updated_at + self._max_age - now
        return max(fresh, self._not_before - now, 0.0)

    def add_listener(self, listener: Listener) -> None:
        """Call *listener* with the cluster after each update."""
        self._listeners.append(listener)

    def remove_listener(self, listener: Listener) -> None:
        """Call *listener* no more.

        Raises:
            ValueError: it is not among the listeners.
        """
        self._listeners.remove(listener)

    def on_success(
        self,
        cluster: object,
        error: Exception | None = None,
        *,
        answers: bool = True,
        backoff: float | None = None,
    ) -> None:
        """Note that *cluster* has been updated.

        Args:
            cluster: what is known now.
            error: fails the future although there is an answer: it is about the one topic that
                was asked for.
            answers: whether brokers were asked after the last request for an update.
            backoff: seconds until the next attempt at least; ``None`` for *retry_backoff*.
        """
        self._updated_at = self._clock.now()
        self._back_off(backoff)
        future: Future | None = None
        if answers and not self.has_new_requests():
            self._is_wanted = False
            future, self._future = self._future, None
        if future is not None or self._listeners:
            self.deliver(lambda: self._tell(cluster, future, error))
        self._wake()

    def on_failure(self, error: BaseException, *, backoff: float | None = None) -> None:
        """Note that an attempt to fetch metadata failed; *backoff* as for `on_success`."""
        self._back_off(backoff)
        self._fail(error)

    def end(self, error: BaseException) -> None:
        """Fail the future, and all that are asked for later: the owner asks no broker any more."""
        self._end = error
        self._fail(error)

    def _fail(self, error: BaseException) -> None:
        future, self._future = self._future, None
        if future is not None:
            self.deliver(lambda: _settle(future, None, error))
        self._wake()

    def _back_off(self, seconds: float | None) -> None:
        wanted = self._retry_backoff if seconds is None else seconds
        self._not_before = self._clock.now() + wanted

    def _wake(self) -> None:
        for call in tuple(self.on_told):
            call()

    def _tell(self, cluster: object, future: Future | None, error: BaseException | None) -> None:
        if future is not None:
            _settle(future, cluster, error)
        for listener in tuple(self._listeners):
            try:
                listener(cluster)
            except Exception:
                # The user's code: its error must not keep the others from running.
                log.exception("error in a listener of the cluster's metadata")


def _settle(future: Future, cluster: object, error: BaseException | None) -> None:
    if future.is_done:
        return
    if error is None:
        future.success(cluster)
    else:
        future.failure(error)

"""What a Fetch without a usable response means: back-off for its node, a new session.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka._base.logs import logger
from kafka._base.retry import RetryState
from kafka.consumer.fetch_response import FetchEffects
from kafka.errors import FetchSessionTopicIdError, RetriableError
from kafka.errors.verdict import Verdict, is_refusal, verdict_for

if TYPE_CHECKING:
    from kafka._base.backoff import ExponentialBackoff, Uniform
    from kafka.consumer.fetch_response import FetchResponseHandler
    from kafka.consumer.fetch_session import FetchSession
    from kafka.errors import KafkaError

log = logger(__name__)


class FetchFailures:
    """Keep a back-off for each node, apart from that of its connection.

    Args:
        handler: knows which partitions still stand where they stood when asked for.
        backoff: between two attempts.
        uniform: randomness for the back-off.
    """

    def __init__(
        self, handler: FetchResponseHandler, backoff: ExponentialBackoff, uniform: Uniform
    ) -> None:
        self._handler = handler
        self._backoff = backoff
        self._uniform = uniform
        self._retries: dict[int, RetryState] = {}

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<FetchFailures nodes={sorted(self._retries)}>"

    def delay(self, node: int, now: float) -> float:
        """Return the seconds until *node* may be asked again, 0.0 for now."""
        retry = self._retries.get(node)
        return 0.0 if retry is None else retry.remaining(now)

    def on_success(self, node: int) -> None:
        """Forget the failures of *node*: a response has come."""
        self._retries.pop(node, None)

    def on_request_error(
        self, node: int, session: FetchSession, error: KafkaError, now: float
    ) -> FetchEffects:
        """React to a Fetch without a response: nobody knows what the session looks like now."""
        session.on_error(type(error))
        self._back_off(node, now)
        effects = FetchEffects()
        effects.refresh = True
        for tp, position in session.positions.items():
            state = self._handler.current(tp, position)
            if state is None:
                continue
            state.preferred_replica = -1
            effects.touched.append(state)
            # A refusal concerns the whole client: it is raised without the partition's failing.
            if not isinstance(error, RetriableError) and not is_refusal(error):
                effects.failed.append((state, error))
        return effects

    def on_session_error(
        self, node: int, session: FetchSession, error: type[KafkaError], now: float
    ) -> FetchEffects:
        """React to a response that refuses the whole Fetch.

        A new session is started at once the first time, later with back-off.
        """
        log.info("node=%d fetch session: %s; starting a new one", node, error.__name__)
        session.on_error(error)
        effects = FetchEffects()
        passes = verdict_for(error, {}) is Verdict.RETRY
        effects.refresh = error is FetchSessionTopicIdError or not passes
        if passes and node not in self._retries:
            self._retries[node] = RetryState(1, now)
        else:
            self._back_off(node, now)
        return effects

    def _back_off(self, node: int, now: float) -> None:
        retry = self._retries.get(node, RetryState())
        self._retries[node] = retry.failed(now, self._backoff, self._uniform)

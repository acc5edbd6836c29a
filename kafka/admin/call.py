"""One call of the admin client, as a state machine: which keys go to which node, and when.  Pure.

Keys that share a node share a request. Each key has a state of its own (`KeyState`), so that a
failure of one costs the others nothing.
"""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Generic, NamedTuple

from kafka.admin.call_states import KEY_MOVES, KeyState
from kafka.admin.key_progress import KeyProgress
from kafka.admin.operation import ANY, Answer, K, Outcome, Target, V, in_words
from kafka.admin.request_size import sized, sliced
from kafka.admin.verdicts import (
    ASK_AGAIN,
    BELIEVED_AFTER,
    LOOK_UP_AGAIN,
    verdict_on,
    wait_asked_for,
)
from kafka.errors import (
    KafkaError,
    KafkaProtocolError,
    RequestTimedOutError,
    StaleMetadata,
    UnsupportedVersionError,
)
from kafka.errors.verdict import Verdict, verdict_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from kafka._base.backoff import ExponentialBackoff, Uniform
    from kafka._base.deadline import Deadline
    from kafka.admin.operation import Fallback, Operation, Verdicts
    from kafka.cluster import ClusterSnapshot
    from kafka.protocol.schema import Message, Request


# Where brokers take one key a look-up, so many wait for answers at a time: those behind them would
# only be asked of more and more nodes meanwhile.
MOST_LOOK_UPS: Final = 64


class Ask(NamedTuple):
    """Send a request.

    Attributes:
        target: whom to ask.
        request: what.
        keys: what it is about. Any: the keys of the call.
        is_lookup: whether it looks nodes up.
        step: which operation of the call asks it, 0 for the first; later ones are fallbacks.
    """

    target: Target
    request: Request[Any]
    keys: tuple[Any, ...]
    is_lookup: bool
    step: int = 0


class RefreshMetadata(NamedTuple):
    """Fetch the cluster metadata: a node is named that it does not have."""


class CallSettings(NamedTuple):
    """What all calls of a client have in common.

    Attributes:
        backoff: between two attempts.
        uniform: the source of jitter.
        request_timeout: seconds that a request may take.
        snapshot: returns what is known of the cluster.
    """

    backoff: ExponentialBackoff
    uniform: Uniform
    request_timeout: float
    snapshot: Callable[[], ClusterSnapshot]


class Call(Generic[K, V]):
    """Ask about *keys* until each has a result or an error, or time is up.

    The owner calls `poll` after each input and at `next_wakeup`, and sends what it returns. Each
    `Ask` is answered by one call of `on_answer` or `on_failure`; what comes for keys that are done
    is dropped.

    Args:
        operation: what to ask.
        keys: about what; the order is that of the results.
        deadline: when all keys without a result get an error.
        settings: see there.
        now: the time.
        fallbacks: what to ask the same node instead about keys whose error says so, in this order.
        unreachable_after: seconds after which a node to which no request could be written is given
            up, and its keys with it.
    """

    def __init__(
        self,
        operation: Operation[K, V],
        keys: Iterable[K],
        *,
        deadline: Deadline,
        settings: CallSettings,
        now: float,
        fallbacks: Sequence[Fallback[K, V]] = (),
        unreachable_after: float = math.inf,
    ) -> None:
        self._operations = [operation, *(fallback.operation for fallback in fallbacks)]
        self._fallbacks = fallbacks
        self._unreachable_after = unreachable_after
        self._noun = operation.noun
        self._lookup = operation.lookup
        self._deadline = deadline
        self._settings = settings
        self._began = now
        names = list(dict.fromkeys(keys))
        self._keys = {key: KeyProgress(len(names)) for key in names}
        self._waiting = dict.fromkeys(names)
        self._results: dict[K, V] = {}
        self._errors: dict[K, KafkaError] = {}
        self._lookup_limit = len(names)
        self._look_ups_out = 0
        self._needs_metadata = False
        self._jitter = settings.uniform
        for key in names:
            self._place_at_first(key)

    def __repr__(self) -> str:
        """Return a status line."""
        done = len(self._results) + len(self._errors)
        return f"<Call about {self._noun}s done={done}/{len(self._keys)}>"

    @property
    def is_done(self) -> bool:
        """Whether each key has a result or an error."""
        return len(self._results) + len(self._errors) == len(self._keys)

    def outcome(self) -> Outcome[K, V]:
        """Return what has come of it."""
        results = {key: self._results[key] for key in self._keys if key in self._results}
        errors = {key: self._errors[key] for key in self._keys if key in self._errors}
        doubtful = frozenset(key for key, entry in self._keys.items() if entry.is_doubtful)
        return Outcome(results, errors, doubtful)

    # -- what to do --------------------------------------------------------------------------

    def poll(self, now: float) -> list[Ask | RefreshMetadata]:
        """Return what to do at *now*."""
        if self._deadline.is_expired(now):
            self._expire(now)
            return []
        due = [key for key in self._waiting if self._keys[key].retry.may_start(now)]
        self._drop_nodes_that_left(due)
        asks: list[Ask | RefreshMetadata] = [*self._look_ups(due), *self._requests(due, now)]
        if self._needs_metadata:
            self._needs_metadata = False
            asks.append(RefreshMetadata())
        return asks

    def next_wakeup(self) -> float | None:
        """Return when to poll again if nothing comes before; ``None`` once all is done."""
        if self.is_done:
            return None
        entries = [self._keys[key] for key in self._waiting]
        if self._look_ups_out >= MOST_LOOK_UPS:  # the next answer makes room
            entries = [entry for entry in entries if entry.state is not KeyState.UNPLACED]
        return min([*(entry.retry.not_before for entry in entries), self._deadline.at])

    def _place_at_first(self, key: K) -> None:
        target = self._lookup.fixed(key)
        if target is None:
            node_id = self._lookup.cached(key, self._settings.snapshot())
            target = None if node_id is None else Target(node_id)
        if target is not None:
            entry = self._keys[key]
            entry.state, entry.target = KeyState.PLACED, target

    def _drop_nodes_that_left(self, due: Sequence[K]) -> None:
        """Look up again what was to be asked of a node that is no longer in the cluster."""
        brokers = self._settings.snapshot().brokers
        for key in due:
            entry = self._keys[key]
            node_id = entry.target.node_id
            if entry.state is KeyState.PLACED and node_id is not None and node_id not in brokers:
                self._move(key, KeyState.UNPLACED)

    def _look_ups(self, due: Sequence[K]) -> list[Ask]:
        keys = [key for key in due if self._keys[key].state is KeyState.UNPLACED]
        search = self._lookup.search
        if search is None:
            return []
        asks = []
        for some in sliced(keys, self._lookup_limit):
            if self._look_ups_out >= MOST_LOOK_UPS:
                break
            for request, part in sized(search.build, some):
                asks.append(Ask(ANY, request, part, is_lookup=True))
                self._look_ups_out += 1
                for key in part:
                    self._move(key, KeyState.SOUGHT)
        return asks

    def _requests(self, due: Sequence[K], now: float) -> list[Ask]:
        groups: dict[tuple[Target, int, int], list[K]] = {}
        for key in due:
            entry = self._keys[key]
            if entry.state is KeyState.PLACED:
                groups.setdefault((entry.target, entry.limit, entry.step), []).append(key)
        left = min(self._deadline.remaining(now), self._settings.request_timeout)
        timeout_ms = max(int(left * 1000), 1)
        asks = []
        for (target, limit, step), keys in groups.items():
            build = partial(self._operations[step].build, timeout_ms=timeout_ms)
            for some in sliced(keys, limit):
                for request, part in sized(build, some):
                    asks.append(Ask(target, request, part, is_lookup=False, step=step))
                    for key in part:
                        self._move(key, KeyState.IN_FLIGHT)
        return asks

    # -- what has happened -------------------------------------------------------------------

    def on_answer(self, ask: Ask, node_id: int, response: Message, now: float) -> None:
        """Take a response to *ask*, which *node_id* has sent."""
        answer = Answer(response, node_id)
        waits = self._open(ask)
        if ask.is_lookup:
            search = self._lookup.search
            assert search is not None
            self._on_found(search.read(answer, waits), answer, waits, search.verdicts, now)
            return
        operation = self._operations[ask.step]
        read = operation.read(answer, waits)
        for key in waits:
            found = read.get(key, _MISSING)
            if found is _MISSING:
                found = self._unanswered(key, answer)
            if isinstance(found, KafkaError):
                wait = wait_asked_for(found, response)
                self._on_error(key, found, operation.verdicts, node_id, now, wait)
            else:
                self._finish(key)
                self._results[key] = found  # type: ignore[assignment]  # _MISSING is replaced

    def _on_found(
        self,
        nodes: Mapping[K, int | KafkaError],
        answer: Answer[Any],  # Any: the response of the look-up
        waits: Sequence[K],
        verdicts: Verdicts,
        now: float,
    ) -> None:
        brokers = self._settings.snapshot().brokers
        for key in waits:
            found = nodes.get(key)
            if found is None:
                found = self._unanswered(key, answer)
            elif not isinstance(found, KafkaError) and found not in brokers:
                # A broker that has just joined: metadata will say where it is.
                self._needs_metadata = True
                found = StaleMetadata(f"where node {found} is, is not known yet")
            if isinstance(found, KafkaError):
                self._on_error(key, found, verdicts, answer.node_id, now)
            else:
                self._keys[key].target = Target(found)
                self._move(key, KeyState.PLACED)

    def on_failure(
        self, ask: Ask, error: KafkaError, now: float, *, was_written: bool = True
    ) -> None:
        """Note that *ask* was not answered.

        Args:
            ask: the request.
            error: why.
            now: the time.
            was_written: whether it may have been carried out all the same.
        """
        waits = self._open(ask)
        if isinstance(error, UnsupportedVersionError) and len(ask.keys) > 1:
            self._divide(ask, waits)
            return
        fatal = verdict_for(type(error), {}) is Verdict.FATAL
        for key in waits:
            if fatal:
                self._fail(key, error)
                continue
            entry = self._keys[key]
            entry.is_doubtful |= was_written and not ask.is_lookup
            if not ask.is_lookup:
                entry.note_reached(was_written, now)
            self._again(key, error, ask.target.node_id, now, looks_up=True)
            if entry.unreachable_for(now) >= self._unreachable_after:
                self._fail(key, entry.error or error)

    def _open(self, ask: Ask) -> list[K]:
        """Take note that *ask* is answered; return its keys that still wait for that."""
        self._look_ups_out -= ask.is_lookup
        self._jitter = _drawn_once(self._settings.uniform)
        state = KeyState.SOUGHT if ask.is_lookup else KeyState.IN_FLIGHT
        return [key for key in ask.keys if self._keys[key].state is state]

    def _divide(self, ask: Ask, waits: Sequence[K]) -> None:
        """Ask about fewer keys at once what a broker cannot do for all of them together.

        Either it takes one key only, or what it cannot do is asked for one of them.
        """
        if ask.is_lookup:
            self._lookup_limit = 1
            for key in waits:
                self._move(key, KeyState.UNPLACED)
            return
        for key in waits:
            self._keys[key].limit = (len(ask.keys) + 1) // 2
            self._move(key, KeyState.PLACED)

    def _on_error(
        self,
        key: K,
        error: KafkaError,
        verdicts: Verdicts,
        node_id: int,
        now: float,
        wait: float = 0.0,
    ) -> None:
        # A broker that has run out of time may have done all the same what was asked for.
        self._keys[key].is_doubtful |= isinstance(error, RequestTimedOutError)
        verdict = verdict_on(error, verdicts)
        lasted = self._keys[key].lasted(error, now)
        is_passing = verdict in LOOK_UP_AGAIN or verdict in ASK_AGAIN
        if is_passing and lasted < BELIEVED_AFTER.get(type(error), math.inf):
            self._again(key, error, node_id, now, looks_up=verdict in LOOK_UP_AGAIN, wait=wait)
            return
        self._fail(key, error)

    def _fail(self, key: K, error: KafkaError) -> None:
        """Give *key* its error, or ask the same node in another way if there is one."""
        entry = self._keys[key]
        is_asked = entry.state is KeyState.IN_FLIGHT and entry.step < len(self._fallbacks)
        if is_asked and self._fallbacks[entry.step].applies(error):
            entry.step += 1
            entry.limit = len(self._keys)
            self._move(key, KeyState.PLACED)
            return
        self._finish(key)
        self._errors[key] = error

    def _again(
        self,
        key: K,
        error: KafkaError,
        node_id: int | None,
        now: float,
        *,
        looks_up: bool,
        wait: float = 0.0,
    ) -> None:
        entry = self._keys[key]
        entry.note(error, node_id, now)
        retry = entry.retry.failed(now, self._settings.backoff, self._jitter)
        entry.retry = retry._replace(not_before=max(retry.not_before, now + wait))
        stays = entry.state is KeyState.IN_FLIGHT and (
            not looks_up or self._lookup.fixed(key) is not None
        )
        self._move(key, KeyState.PLACED if stays else KeyState.UNPLACED)

    # -- the end -----------------------------------------------------------------------------

    def _expire(self, now: float) -> None:
        search = self._lookup.search
        finds = None if search is None else search.finds
        for key, entry in self._keys.items():
            if entry.state is not KeyState.DONE:
                what = in_words(self._noun, key)
                self._errors[key] = entry.too_late(what, now - self._began, finds)
                self._finish(key)

    def _unanswered(self, key: K, answer: Answer[Any]) -> KafkaProtocolError:  # Any: any response
        what = in_words(self._noun, key)
        name = answer.response.NAME
        return KafkaProtocolError(f"node {answer.node_id} has not answered {name} about {what}")

    def _finish(self, key: K) -> None:
        self._move(key, KeyState.DONE)
        self._waiting.pop(key, None)

    def _move(self, key: K, state: KeyState) -> None:
        entry = self._keys[key]
        entry.state = KEY_MOVES.step(entry.state, state)
        if state in _WAITING:
            self._waiting[key] = None
        else:
            self._waiting.pop(key, None)


_MISSING: Final = object()
_WAITING: Final = frozenset({KeyState.UNPLACED, KeyState.PLACED})


def _drawn_once(uniform: Uniform) -> Uniform:
    """Return *uniform* with one number for all, so that keys which fail together stay together."""
    drawn: list[float] = []

    def draw(low: float, high: float) -> float:
        if not drawn:
            drawn.append(uniform(low, high))
        return drawn[0]

    return draw

"""The tokens of a client: when the user's provider is called, where, and who shares the result.

One call is under way at a time. Its token is shared by all connections until the plan
(`kafka.net.sasl.token_plan`) wants a new one, which is asked for in the background. A token of
which nobody knows when it ends is asked for again for every authentication.

A provider that blocks is called on a thread. One with an async ``token()`` is awaited on the
user's loop by the async clients, and run by `asyncio.Runner` on a thread by the blocking ones.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import math
from functools import partial
from typing import TYPE_CHECKING, Final

from kafka._base.backoff import ExponentialBackoff
from kafka._base.deadline import Deadline
from kafka._base.logs import logger
from kafka._base.loop_thread import on_own_loop
from kafka._base.own_loop import new_own_loop
from kafka._base.secret import Secret
from kafka._base.signal import Signal
from kafka.errors import KafkaConnectionError, KafkaError
from kafka.net.sasl.conversation import refuse
from kafka.net.sasl.token import read_extensions, read_token
from kafka.net.sasl.token_plan import Held, TokenPlan

if TYPE_CHECKING:
    from collections.abc import Callable

    from kafka._base.blocking_work import BlockingWork
    from kafka._base.runtime import Runtime
    from kafka.net.sasl.token import Token
    from kafka.net.sasl.token_plan import RefreshRule

log = logger("kafka.conn")

# Java's sasl.login.retry.backoff.ms and sasl.login.retry.backoff.max.ms.
_BACKOFF: Final = ExponentialBackoff(0.1, 10.0)
_NAME: Final = "sasl_oauth_token_provider"


class _NotUsableError(Exception):
    """Report what a provider has returned."""


class TokenSource:
    """Get tokens of a provider.

    Args:
        provider: has a method ``token()`` and may have ``extensions()``; either may be async.
        rule: when to refresh a token.
        runtime: the surroundings.
        work: runs what blocks.
        call_timeout: seconds after which a call is given up.
    """

    def __init__(
        self,
        provider: object,
        rule: RefreshRule,
        runtime: Runtime,
        work: BlockingWork,
        *,
        call_timeout: float,
    ) -> None:
        self._token: Callable[[], object] = provider.token  # type: ignore[attr-defined] # checked with the option
        self._extensions: Callable[[], object] | None = getattr(provider, "extensions", None)
        self._runtime = runtime
        self._clock = runtime.clock
        self._work = work
        self._call_timeout = call_timeout
        self._plan = TokenPlan(rule, _BACKOFF, runtime.uniform)
        self._loop = asyncio.get_running_loop()
        self._changed = Signal(self._loop)
        self._call: asyncio.Task[Held | KafkaError] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._has_failed = False
        # A blocking client's loop runs nothing of the user's.
        self._awaits_here = not on_own_loop()

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<TokenSource {'ASKING' if self._call else 'WAITING'} {self._plan!r}>"

    async def obtain(self, deadline: Deadline, patience: Deadline) -> Held:
        """Return a token to authenticate with.

        Args:
            deadline: when to give up waiting for the provider.
            patience: until then, wait for a new token in place of one that is due, and repeat calls
                that fail.

        Raises:
            KafkaConnectionError: the provider raised an error, which is the cause.
            SaslAuthenticationFailedError: it returned what is no token.
            TimeoutError: it has not answered in time.
        """
        while True:
            now = self._clock.now()
            held = self._plan.good(now)
            if held is not None and (not self._plan.is_due(now) or patience.is_expired(now)):
                return held
            until = patience.at
            if held is None:
                outcome = await self._outcome(deadline)
                if isinstance(outcome, Held):
                    return outcome
                if patience.is_expired(self._clock.now()):
                    raise outcome
                until = min(until, self._plan.not_before)
            await self._changed.wait(Deadline(until))

    def close(self) -> None:
        """Call the provider no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # -- calls -----------------------------------------------------------------------------

    async def _outcome(self, deadline: Deadline) -> Held | KafkaError:
        """Return the outcome of the call that is under way, or of a new one."""
        call = self._start()
        left = deadline.remaining(self._clock.now())
        done, _ = await asyncio.wait({call}, timeout=None if math.isinf(left) else left)
        if not done:
            raise TimeoutError(f"{_NAME}: token() has not returned")
        return call.result()

    def _start(self) -> asyncio.Task[Held | KafkaError]:
        if self._call is None:
            self._call = self._runtime.spawn(self._ask(), name="kafka-token")
        return self._call

    async def _ask(self) -> Held | KafkaError:
        """Call the provider once; return the token or why there is none."""
        outcome: Held | KafkaError
        try:
            token = await self._called()
            outcome = self._plan.on_token(token, self._clock.now(), self._clock.wall())
            self._report_success()
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            outcome = self._failed(error)
        except Exception as error:  # noqa: BLE001 - whatever the user's code raises
            outcome = self._failed(error)
        finally:
            self._call = None
        self._set_timer()
        self._changed.notify()
        return outcome

    async def _called(self) -> Token:
        async with asyncio.timeout(self._call_timeout):
            token = read_token((await self._value_of(self._token)).reveal())
            if isinstance(token, str):
                raise _NotUsableError(token)
            if self._extensions is None:
                return token
            extensions = read_extensions((await self._value_of(self._extensions)).reveal())
            if isinstance(extensions, str):
                raise _NotUsableError(extensions)
            return token._replace(extensions=extensions)

    async def _value_of(self, method: Callable[[], object]) -> Secret[object]:
        if not self._awaits_here:
            return await self._work.run(partial(_value_on_thread, method))
        if inspect.iscoroutinefunction(method):
            return Secret(await method())
        found = await self._work.run(partial(_value, method))
        hidden = found.reveal()
        return Secret(await hidden) if inspect.isawaitable(hidden) else found

    def _failed(self, error: BaseException) -> KafkaError:
        late = isinstance(error, TimeoutError) and not str(error)
        said = "it has not returned in time" if late else str(error)
        failure: KafkaError = KafkaConnectionError(
            f"{_NAME}: token() raised {type(error).__name__}: {said}"
        )
        if isinstance(error, _NotUsableError):
            failure = refuse(f"{_NAME}: {error}")
        else:
            failure.__cause__ = error
        now = self._clock.now()
        self._plan.on_failure(now)
        held = self._plan.good(now)
        if held is not None and not self._has_failed:
            self._has_failed = True
            log.warning(
                "%s; the present token is good for %.0f s", failure.args[0], held.ends - now
            )
        return failure

    def _report_success(self) -> None:
        if self._has_failed:
            self._has_failed = False
            log.warning("%s: token() has returned a new token", _NAME)

    def _set_timer(self) -> None:
        self.close()
        at = self._plan.refresh_at()
        if at < math.inf:
            self._timer = self._loop.call_at(at, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        with contextlib.suppress(KafkaError):  # the client is broken, or closed
            self._start()


def _value(method: Callable[[], object]) -> Secret[object]:
    """Return what *method* returns, hidden: asyncio may log what goes through its hands."""
    return Secret(method())


def _value_on_thread(method: Callable[[], object]) -> Secret[object]:
    """Return what *method* returns, awaited on a loop of its own if need be."""
    found = _value(method)
    if not inspect.isawaitable(found.reveal()):
        return found
    with asyncio.Runner(loop_factory=_new_loop) as runner:
        return runner.run(_awaited(found))


async def _awaited(found: Secret[object]) -> Secret[object]:
    awaitable = found.reveal()
    return Secret(await awaitable) if inspect.isawaitable(awaitable) else found


def _new_loop() -> asyncio.AbstractEventLoop:
    return new_own_loop()[0]

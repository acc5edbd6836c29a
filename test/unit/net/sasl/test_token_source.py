"""When and where a token provider is called, and who shares the result."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple

import pytest

from kafka._base.blocking_work import BlockingWork
from kafka._base.deadline import NEVER, Deadline
from kafka._base.loop_thread import EventLoopThread
from kafka.errors import KafkaConnectionError, SaslAuthenticationFailedError
from kafka.net.sasl.token_plan import Held, RefreshRule
from kafka.net.sasl.token_source import TokenSource
from test.support.connections import make_runtime
from test.support.network import in_seconds
from test.support.sasl import unsecured_jwt

NOW = Deadline(0.0)
RULE = RefreshRule(0.8, 0.0, 60, 300)


def wall() -> float:
    return make_runtime().clock.wall()


def loop_time() -> float:
    return asyncio.get_running_loop().time()


class Provider:
    """Returns what its script says; repeats the last entry."""

    def __init__(self, *script: object) -> None:
        self._script = list(script)
        self.calls = 0
        self.threads: list[str] = []

    def token(self) -> object:
        self.calls += 1
        self.threads.append(threading.current_thread().name)
        step = self._script.pop(0) if len(self._script) > 1 else self._script[0]
        if isinstance(step, BaseException):
            raise step
        return step() if callable(step) else step


class AsyncProvider(Provider):
    async def token(self) -> object:
        await asyncio.sleep(0)
        return super().token()


class OwnLoop(Provider):
    """Its plain function returns something to await."""

    def token(self) -> object:
        found = super().token()

        async def later() -> object:
            await asyncio.sleep(0)
            return found

        return later()


def lives(seconds: float) -> Callable[[], str]:
    """Return a function that makes a JWT with so much life left."""
    wall_at = make_runtime().clock.wall
    return lambda: unsecured_jwt("alice", wall_at() + seconds)


@asynccontextmanager
async def source_of(provider: object, *, call_timeout: float = 30.0) -> AsyncIterator[TokenSource]:
    work = BlockingWork("kafka-test-auth")
    source = TokenSource(provider, RULE, make_runtime(), work, call_timeout=call_timeout)
    try:
        yield source
    finally:
        source.close()
        work.close()


def text(held: Held) -> str:
    return held.token.secret.reveal()


async def test_provider_that_blocks_is_called_on_a_thread() -> None:
    provider = Provider("opaque")
    async with source_of(provider) as source:
        assert text(await source.obtain(NEVER, NOW)) == "opaque"
    assert provider.threads == ["kafka-test-auth"]


@pytest.mark.parametrize("kind", [AsyncProvider, OwnLoop])
async def test_async_provider_is_awaited_on_the_users_loop(kind: type[Provider]) -> None:
    provider = kind("opaque")
    async with source_of(provider) as source:
        assert text(await source.obtain(NEVER, NOW)) == "opaque"
    if kind is AsyncProvider:
        assert provider.threads == [threading.current_thread().name]


@pytest.mark.parametrize("kind", [AsyncProvider, OwnLoop])
def test_blocking_client_runs_an_async_provider_on_a_thread(
    thread: EventLoopThread, kind: type[Provider]
) -> None:
    provider = kind("opaque")

    async def story() -> str:
        async with source_of(provider) as source:
            return text(await source.obtain(NEVER, NOW))

    assert thread.call(story(), 10) == "opaque"
    assert provider.threads == ["kafka-test-auth"]


async def test_extensions_go_with_the_token() -> None:
    class Extended(Provider):
        def extensions(self) -> dict[str, str]:
            return {"one": "1"}

    async with source_of(Extended("opaque")) as source:
        assert (await source.obtain(NEVER, NOW)).token.extensions == {"one": "1"}


async def test_token_that_ends_nobody_knows_when_is_asked_for_each_time() -> None:
    provider = Provider("one", "two")
    async with source_of(provider) as source:
        assert [text(await source.obtain(NEVER, NOW)) for _ in range(2)] == ["one", "two"]


async def test_token_is_shared_until_it_is_due() -> None:
    provider = Provider(lives(1000))
    async with source_of(provider) as source:
        found = await source.obtain(NEVER, NOW)
        for _ in range(3):
            await asyncio.sleep(200)
            assert await source.obtain(NEVER, NOW) is found
    assert provider.calls == 1


async def test_all_who_ask_at_once_share_one_call() -> None:
    provider = Provider("one", "two")
    async with source_of(provider) as source:
        asked = [source.obtain(NEVER, NOW) for _ in range(5)]
        assert {text(held) for held in await asyncio.gather(*asked)} == {"one"}
    assert provider.calls == 1


async def test_token_that_is_due_is_replaced_in_the_background() -> None:
    provider = Provider(lives(1000))
    async with source_of(provider) as source:
        first = await source.obtain(NEVER, NOW)
        await asyncio.sleep(701)
        assert provider.calls == 2
        assert (await source.obtain(NEVER, NOW)).ends > first.ends


async def test_failed_refresh_keeps_the_token_and_is_repeated(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING, "kafka.conn")
    provider = Provider(lives(1000), *[OSError("down")] * 4, lives(1000))
    async with source_of(provider) as source:
        first = await source.obtain(NEVER, NOW)
        await asyncio.sleep(700.01)
        assert provider.calls == 2
        assert await source.obtain(NEVER, NOW) is first
        await asyncio.sleep(0.1)
        assert provider.calls == 3
        await asyncio.sleep(5)
        assert (await source.obtain(NEVER, NOW)).ends > first.ends
    assert [message.partition(";")[0] for message in caplog.messages] == [
        "sasl_oauth_token_provider: token() raised OSError: down",
        "sasl_oauth_token_provider: token() has returned a new token",
    ]
    assert "good for 300 s" in caplog.messages[0]


async def test_failure_without_a_token_is_raised_with_its_cause() -> None:
    failure = OSError("down")
    async with source_of(Provider(failure)) as source:
        with pytest.raises(KafkaConnectionError, match=r"token\(\) raised OSError: down") as caught:
            await source.obtain(NEVER, NOW)
    assert caught.value.__cause__ is failure


@pytest.mark.parametrize("kind", [Provider, AsyncProvider])
async def test_text_of_a_timeout_of_the_provider_is_told(kind: type[Provider]) -> None:
    async with source_of(kind(TimeoutError("the token service is slow"))) as source:
        with pytest.raises(KafkaConnectionError, match="the token service is slow"):
            await source.obtain(NEVER, NOW)


async def test_provider_of_aiokafka_is_one() -> None:
    abc = pytest.importorskip("aiokafka.abc")

    class Theirs(abc.AbstractTokenProvider):  # type: ignore[misc, name-defined] # of no type here
        async def token(self) -> str:
            return "opaque"

    async with source_of(Theirs()) as source:
        assert text(await source.obtain(NEVER, NOW)) == "opaque"


@pytest.mark.parametrize("kind", [Provider, AsyncProvider])
@pytest.mark.parametrize("error", [asyncio.CancelledError(), StopIteration(), ValueError("x")])
async def test_whatever_a_provider_raises_is_a_failure(
    kind: type[Provider], error: BaseException
) -> None:
    async with source_of(kind(error)) as source:
        with pytest.raises(KafkaConnectionError, match="sasl_oauth_token_provider"):
            await source.obtain(NEVER, NOW)


@pytest.mark.parametrize("found", [None, b"secret", 7])
async def test_what_is_no_token_is_a_final_failure(found: object) -> None:
    async with source_of(Provider(found)) as source:
        with pytest.raises(SaslAuthenticationFailedError, match="returned") as caught:
            await source.obtain(NEVER, NOW)
    assert "secret" not in str(caught.value)


async def test_extensions_that_are_none_are_a_final_failure() -> None:
    class Wrong(Provider):
        def extensions(self) -> list[str]:
            return ["a"]

    async with source_of(Wrong("opaque")) as source:
        with pytest.raises(SaslAuthenticationFailedError, match=r"extensions\(\) returned list"):
            await source.obtain(NEVER, NOW)


async def test_who_has_patience_waits_for_a_call_that_succeeds() -> None:
    provider = Provider(OSError("down"), OSError("down"), "opaque")
    async with source_of(provider) as source:
        assert text(await source.obtain(NEVER, in_seconds(10))) == "opaque"
        assert loop_time() == pytest.approx(0.3)


async def test_patience_has_an_end() -> None:
    provider = Provider(OSError("down"))
    async with source_of(provider) as source:
        with pytest.raises(KafkaConnectionError, match="down"):
            await source.obtain(NEVER, in_seconds(10))
        assert loop_time() == pytest.approx(10.0)


async def test_who_has_patience_gets_a_new_token_for_one_that_is_due() -> None:
    provider = Provider(lives(1000), OSError("down"), lives(1000))
    async with source_of(provider) as source:
        first = await source.obtain(NEVER, NOW)
        await asyncio.sleep(700.01)
        assert (await source.obtain(NEVER, in_seconds(10))).ends > first.ends


async def test_who_has_no_more_patience_takes_the_token_that_is_due() -> None:
    provider = Provider(lives(1000), OSError("down"))
    async with source_of(provider) as source:
        first = await source.obtain(NEVER, NOW)
        await asyncio.sleep(750)
        started = loop_time()
        assert await source.obtain(NEVER, in_seconds(10)) is first
        assert loop_time() == pytest.approx(started + 10)


async def test_silent_provider_is_given_up_at_the_deadline_and_asked_no_second_time() -> None:
    class Silent(Provider):
        async def token(self) -> object:
            self.calls += 1
            await asyncio.get_running_loop().create_future()

    provider = Silent(None)
    async with source_of(provider) as source:
        for _ in range(2):
            with pytest.raises(TimeoutError, match=r"token\(\) has not returned"):
                await source.obtain(in_seconds(5), NOW)
        assert provider.calls == 1
        # The call itself ends as well, and the next one is another.
        with pytest.raises(KafkaConnectionError, match="not returned in time"):
            await source.obtain(in_seconds(60), NOW)
        assert loop_time() == pytest.approx(30)


async def test_nothing_is_asked_for_after_the_end() -> None:
    provider = Provider(lives(1000))
    async with source_of(provider) as source:
        await source.obtain(NEVER, NOW)
        source.close()
        await asyncio.sleep(5000)
    assert provider.calls == 1


async def test_status_line_shows_no_token() -> None:
    async with source_of(Provider("opaque")) as source:
        await source.obtain(NEVER, NOW)
        assert repr(source) == "<TokenSource WAITING <TokenPlan holds=nothing refresh_at=inf>>"


class Timed(NamedTuple):
    token: str
    expires_at_ms: float


async def test_object_may_carry_the_token_and_its_end() -> None:
    provider = Provider(Timed("opaque", (wall() + 1000) * 1000))
    async with source_of(provider) as source:
        held = await source.obtain(NEVER, NOW)
    assert held.ends == pytest.approx(1000.0)

"""Functions of the user that give name and password, and do so badly."""

from __future__ import annotations

import asyncio
import threading

import pytest

from kafka._base.blocking_work import BlockingWork
from kafka._base.deadline import NEVER, Deadline
from kafka.config import NetworkConfig
from kafka.errors import KafkaConnectionError
from kafka.net.sasl.credentials import PasswordCredentials
from test.support.connections import make_runtime


async def attempted(*, seconds: float | None = None, call_timeout: float, **given: object) -> None:
    """Get the credentials of an attempt that may take so many seconds."""
    config = NetworkConfig.from_kwargs(
        {
            "bootstrap_servers": "kafka",
            "security_protocol": "SASL_PLAINTEXT",
            "sasl_mechanism": "PLAIN",
            "sasl_plain_username": "user",
            "sasl_plain_password": "pencil",
            **given,
        }
    )
    clock, work = make_runtime().clock, BlockingWork("kafka-test-auth")
    credentials = PasswordCredentials(config, work, clock, call_timeout=call_timeout)
    try:
        await credentials.attempt("kafka", Deadline.after(clock.now(), seconds), NEVER)
    finally:
        credentials.close()
        work.close()


@pytest.mark.parametrize("option", ["sasl_plain_username", "sasl_plain_password"])
@pytest.mark.parametrize(("seconds", "call_timeout"), [(0.1, 1e6), (None, 0.1)])
def test_function_that_does_not_return_is_given_up_and_named(
    option: str, seconds: float | None, call_timeout: float
) -> None:
    released = threading.Event()
    attempt = attempted(
        seconds=seconds, call_timeout=call_timeout, **{option: lambda: f"{released.wait()}"}
    )
    try:
        with pytest.raises(
            KafkaConnectionError, match=rf"{option}: the function has not returned within 0\."
        ) as caught:
            asyncio.run(attempt)  # the virtual clock would wait for the thread
    finally:
        released.set()
    assert isinstance(caught.value.__cause__, TimeoutError)


@pytest.mark.parametrize("option", ["sasl_plain_username", "sasl_plain_password"])
@pytest.mark.parametrize(
    "error", [OSError("x"), asyncio.CancelledError(), SystemExit("x"), KeyboardInterrupt()]
)
async def test_whatever_a_function_raises_is_the_cause(error: BaseException, option: str) -> None:
    def fail() -> str:
        raise error

    with pytest.raises(
        KafkaConnectionError, match=f"{option}: the function raised {type(error).__name__}"
    ) as caught:
        await attempted(call_timeout=1.0, **{option: fail})
    assert caught.value.__cause__ is error

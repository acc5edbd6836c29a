"""Calls of an async client on another event loop than its own."""

from __future__ import annotations

import asyncio

import pytest

from kafka._base.loop_check import check_own_loop
from kafka.errors import IllegalStateError


async def test_a_call_on_the_clients_own_loop_is_fine() -> None:
    check_own_loop("Client", asyncio.get_running_loop())


async def test_a_call_on_another_loop_names_the_client() -> None:
    other = asyncio.new_event_loop()
    with pytest.raises(IllegalStateError, match=r"Client belongs .* made on another one"):
        check_own_loop("Client", other)
    other.close()
    with pytest.raises(IllegalStateError, match=r"Client belongs .*, which is closed;"):
        check_own_loop("Client", other)


def test_a_call_outside_of_loops_names_the_client() -> None:
    loop = asyncio.new_event_loop()
    loop.close()
    with pytest.raises(IllegalStateError, match="made in a thread without one"):
        check_own_loop("Client", loop)

"""What programs hand over, and what they are told if that cannot work."""

from __future__ import annotations

import math
import re
import socket
from typing import Any

import pytest

from kafka.future import Future
from kafka.low_level.arguments import address_of, check_future, from_ms, seconds_of


def test_numbers_are_seconds_or_milliseconds() -> None:
    assert seconds_of("timeout", 2) == 2
    assert seconds_of("timeout", math.inf) == math.inf
    assert from_ms("timeout_ms", 250) == 0.25


def test_none_means_what_the_caller_says() -> None:
    assert seconds_of("timeout", None, none=3) == 3
    assert from_ms("timeout_ms", None, none=math.inf) == math.inf


@pytest.mark.parametrize("wrong", ["a", None, True, b"1"])
@pytest.mark.parametrize("read", [seconds_of, from_ms])
def test_what_is_no_number_is_refused_by_name(read: Any, wrong: Any) -> None:
    with pytest.raises(TypeError, match=f"^wait must be a number, not {type(wrong).__name__}$"):
        read("wait", wrong)


def test_a_future_or_none_may_be_waited_for() -> None:
    check_future(Future())
    check_future(None)
    with pytest.raises(TypeError, match="future must be a Future, not int"):
        check_future(5)


def test_a_port_may_be_digits() -> None:
    assert address_of("h", "9092", socket.AF_INET) == ("h", 9092, socket.AF_INET)
    assert address_of("::1", 65535, socket.AF_UNSPEC) == ("::1", 65535, socket.AF_UNSPEC)


@pytest.mark.parametrize(
    ("address", "error", "text"),
    [
        ((None, 9092, 0), TypeError, "host must be text, not NoneType"),
        (("", 9092, 0), ValueError, "host is empty"),
        (("h", "x", 0), TypeError, "port must be a number, not 'x'"),
        (("h", None, 0), TypeError, "port must be a number, not None"),
        (("h", 99999, 0), ValueError, "port must be from 1 to 65535, not 99999"),
        (("h", 0, 0), ValueError, "port must be from 1 to 65535, not 0"),
        (("h", 9092, 77), ValueError, "afi must be one of socket's AF_UNSPEC, AF_INET, AF_INET6"),
        (("h", 9092, None), ValueError, "not None"),
    ],
)
def test_an_address_that_cannot_work_is_refused_by_name(
    address: Any, error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=re.escape(text)):
        address_of(*address)

"""Single options: types, checks, and what their errors say."""

from __future__ import annotations

import math

import pytest

from kafka.config.base import Config
from kafka.config.consumer import ConsumerConfig
from kafka.config.option import (
    at_least,
    between,
    ignored,
    nearest,
    not_empty,
    one_of,
    option,
    seconds,
    unbuilt,
)
from kafka.errors import KafkaConfigurationError


class Sample(Config):
    """One option of each kind."""

    count: int = option(3, at_least(1), "How many.")
    wait_ms: float = option(500, at_least(0), "How long.", old_names=("delay_ms",))
    level: int | None = option(None, between(1, 9, also=-1), "How hard.")
    mode: str = option("fast", one_of("fast", "SAFE"), "How.")
    name: str = option("x", not_empty, "Who.")
    flag: bool = option(False, None, "Whether.")
    password: str | None = option(None, not_empty, "Secret.", secret=True)
    selector: object = ignored(None, "asyncio chooses")
    group: str | None = unbuilt(None, "grouping", "Which group.")
    wait = seconds("wait_ms")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("count", "3"),
        ("count", 3.0),
        ("count", True),
        ("count", None),
        ("wait_ms", "5"),
        ("wait_ms", False),
        ("level", "high"),
        ("mode", 1),
        ("flag", 1),
        ("name", b"x"),
    ],
)
def test_wrong_type_is_a_type_error_that_names_the_option(name: str, value: object) -> None:
    with pytest.raises(TypeError, match=f"^{name} must be "):
        Sample.from_kwargs({name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("count", 0),
        ("wait_ms", -0.1),
        ("wait_ms", math.nan),
        ("level", 0),
        ("level", 10),
        ("mode", "slow"),
        ("name", ""),
        ("group", "g"),
    ],
)
def test_bad_value_is_a_configuration_error_that_names_the_option(name: str, value: object) -> None:
    with pytest.raises(KafkaConfigurationError, match=f"{name}={value!r}: "):
        Sample.from_kwargs({name: value})


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("count", 1, 1),
        ("wait_ms", math.inf, math.inf),
        ("level", -1, -1),
        ("level", None, None),
        ("mode", "safe", "SAFE"),
        ("group", None, None),
        ("selector", None, None),
    ],
)
def test_good_value_is_kept_in_its_canonical_form(name: str, value: object, kept: object) -> None:
    assert getattr(Sample.from_kwargs({name: value}), name) == kept


def test_time_is_also_there_in_seconds() -> None:
    assert Sample(wait_ms=250).wait == 0.25


def test_unknown_option_names_the_nearest_one() -> None:
    with pytest.raises(KafkaConfigurationError, match=r"'wait' is not an option .* mean wait_ms"):
        Sample.from_kwargs({"wait": 1})


def test_unknown_option_without_a_likeness_gets_no_guess() -> None:
    with pytest.raises(KafkaConfigurationError, match=r"is not an option of Sample$"):
        Sample.from_kwargs({"zzzzzz": 1})


def test_message_names_the_clients_and_no_class_that_users_never_see() -> None:
    with pytest.raises(KafkaConfigurationError, match="'linger_ms' is not an option of consumers"):
        ConsumerConfig.from_kwargs({"linger_ms": 5})


def test_java_spelling_leads_to_ours() -> None:
    assert nearest("bootstrap.servers", ["bootstrap_servers", "client_id"]) == "bootstrap_servers"


def test_old_name_is_understood_with_a_deprecation_warning() -> None:
    with pytest.warns(DeprecationWarning, match="delay_ms is now called wait_ms"):
        assert Sample.from_kwargs({"delay_ms": 7}).wait_ms == 7


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_old_and_new_name_together_are_refused() -> None:
    with pytest.raises(KafkaConfigurationError, match="delay_ms and wait_ms are the same option"):
        Sample.from_kwargs({"delay_ms": 7, "wait_ms": 7})


def test_ignored_option_warns_once_with_the_reason_and_blames_the_caller() -> None:
    with pytest.warns(DeprecationWarning, match="selector has no effect: asyncio") as caught:
        Sample.from_kwargs({"selector": object()})
    assert [warning.filename for warning in caught] == [__file__]


def test_secret_does_not_appear_in_the_error_of_its_check() -> None:
    class Guarded(Config):
        pin: str = option(None, one_of("never"), "Secret.", secret=True)

    with pytest.raises(KafkaConfigurationError) as caught:
        Guarded.from_kwargs({"pin": "hunter2"})
    assert "hunter2" not in str(caught.value)


def test_secret_does_not_appear_in_the_repr() -> None:
    assert repr(Sample(password="hunter2")) == "<Sample password=***>"


def test_configuration_cannot_be_changed() -> None:
    with pytest.raises(AttributeError, match="count cannot be set"):
        setattr(Sample(), "count", 4)  # noqa: B010 - the type checker refuses the plain form


def test_dropped_option_of_an_earlier_release_warns_and_is_left_out() -> None:
    class Newer(Sample):
        DROPPED = {"sock_chunk_bytes": "reads follow the data"}  # noqa: RUF012 - a constant

    with pytest.warns(DeprecationWarning, match="sock_chunk_bytes has no effect: reads follow"):
        assert "sock_chunk_bytes" not in Newer.from_kwargs({"sock_chunk_bytes": 4096}).as_dict()

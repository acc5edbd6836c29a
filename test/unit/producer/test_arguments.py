"""What users may give to send() and send_many()."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kafka.errors import UnsupportedVersionError
from kafka.producer.arguments import (
    check_columns,
    check_partition,
    check_timestamp,
    check_topic,
    owned,
    owned_headers,
    plain_headers,
)
from kafka.producer.batch_encoding import encode_owned


@pytest.mark.parametrize("name", ["a", "A-b_c.9", "x" * 249, "..."])
def test_good_topic_names_pass(name: str) -> None:
    check_topic(name)


@pytest.mark.parametrize("name", ["", ".", "..", "a b", "ä", "x" * 250, "a\n"])
def test_bad_topic_names_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is not a topic name"):
        check_topic(name)


@pytest.mark.parametrize(
    ("values", "keys", "error"),
    [
        (b"bytes", None, TypeError),
        (None, None, TypeError),
        ({b"a"}, None, TypeError),
        ([b"a"], b"k", TypeError),
        ([b"a"], [], ValueError),
    ],
)
def test_columns_of_the_wrong_kind_are_refused(
    values: object, keys: object, error: type[Exception]
) -> None:
    with pytest.raises(error):
        check_columns(values, keys)


@pytest.mark.parametrize(
    ("partition", "error"),
    [("0", TypeError), (True, TypeError), (1.0, TypeError), (-1, ValueError), (3, ValueError)],
)
def test_a_partition_that_the_topic_does_not_have_is_refused(
    partition: object, error: type[Exception]
) -> None:
    assert check_partition("t", 2, 3) == 2
    with pytest.raises(error, match="partition"):
        check_partition("t", partition, 3)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("timestamp", "magic", "error"),
    [
        (1.5, 2, TypeError),
        (True, 2, TypeError),
        (-1, 2, ValueError),
        (2**63, 2, ValueError),
        (5, 0, UnsupportedVersionError),
    ],
)
def test_a_time_that_cannot_be_stored_is_refused(
    timestamp: object, magic: int, error: type[Exception]
) -> None:
    check_timestamp(2**63 - 1, 1)
    with pytest.raises(error, match="timestamp_ms"):
        check_timestamp(timestamp, magic)


@pytest.mark.parametrize("data", [b"x", bytearray(b"x"), memoryview(b"x")])
def test_bytes_of_any_kind_are_copied(data: object) -> None:
    found = owned("value", data)
    assert (found, type(found)) == (b"x", bytes)


def test_other_types_need_a_serializer() -> None:
    assert owned("key", None) is None
    with pytest.raises(TypeError, match="set key_serializer to send other types"):
        owned("key", "text")


def test_headers_are_copied() -> None:
    value = bytearray(b"before")
    headers = [("a", value), ("b", None)]
    copies = owned_headers(headers, 2)
    value[:] = b"after!"
    headers.clear()
    assert copies == encode_owned([("a", b"before"), ("b", None)])


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({"a": b"b"}, "headers must be a list"),
        (["ab"], "found str"),
        ([("a",)], "found tuple"),
        ([(b"a", b"b")], "a name must be a str"),
        ([("a", "b")], "the value of 'a' must be bytes"),
    ],
)
def test_headers_of_the_wrong_kind_are_refused(headers: object, words: str) -> None:
    with pytest.raises(TypeError, match=words):
        owned_headers(headers, 2)


HEADER = st.tuples(
    st.text(max_size=70) | st.sampled_from(["traceparent", b"x", None]),
    st.binary(max_size=200) | st.none() | st.just(bytearray(b"x")),
)


@given(st.lists(HEADER | st.just(["a", b"b"]), max_size=4))
def test_plain_headers_are_stored_as_all_others(headers: list[object]) -> None:
    found = plain_headers(headers)
    assert found is None or found == owned_headers(headers, 2)


@pytest.mark.parametrize(
    "headers", [[("a", b"b")], [("traceparent", b"0" * 55), ("baggage", b"x=y")]]
)
def test_the_usual_headers_are_plain(headers: list[object]) -> None:
    assert plain_headers(headers) == owned_headers(headers, 2)


@pytest.mark.parametrize(
    "headers",
    [
        [],
        (("a", b"b"),),
        [["a", b"b"]],
        [("a", None)],
        [("\u00e9", b"v")],
        [("a",)],
        [(b"a", b"b")],
        {"a": b"b"},
        7,
    ],
)
def test_other_headers_are_not_plain(headers: object) -> None:
    assert plain_headers(headers) is None


def test_headers_need_brokers_that_store_them() -> None:
    assert owned_headers([], 1) is None
    with pytest.raises(UnsupportedVersionError, match="record format 1"):
        owned_headers([("a", b"b")], 1)

"""Addresses as users write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kafka.config.addresses import bootstrap_list, join_address, split_address


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("broker", ("broker", 9092)),
        ("broker:9093", ("broker", 9093)),
        (" broker:9093 ", ("broker", 9093)),
        ("10.0.0.1:1", ("10.0.0.1", 1)),
        ("::1", ("::1", 9092)),
        ("[::1]", ("::1", 9092)),
        ("[fe80::1%eth0]:65535", ("fe80::1%eth0", 65535)),
        ("PLAINTEXT://broker:9094", ("broker", 9094)),
    ],
)
def test_address_is_split_into_host_and_port(text: str, expected: tuple[str, int]) -> None:
    assert split_address(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":9092",
        "h:",
        "h:0",
        "h:65536",
        "h:-1",
        "h:\N{FULLWIDTH DIGIT NINE}",
        "h:x",
        "[::1",
        "[::1]9092",
        "[]:1",
    ],
)
def test_unreadable_address_is_refused_with_its_text(text: str) -> None:
    with pytest.raises(ValueError, match=r"host|port") as caught:
        split_address(text)
    assert repr(text) in str(caught.value)


@given(st.from_regex(r"[a-z0-9.:-]{1,20}", fullmatch=True), st.integers(1, 65535))
def test_joined_address_splits_into_its_parts(host: str, port: int) -> None:
    assert split_address(join_address(host, port)) == (host, port)


@pytest.mark.parametrize("servers", ["a:1, b:2,", ["a:1", "b:2"], ("a:1", "b:2", "a:1")])
def test_list_and_comma_text_mean_the_same(servers: object) -> None:
    assert bootstrap_list(servers) == ["a:1", "b:2"]  # type: ignore[arg-type]


@pytest.mark.parametrize("servers", ["", " , ", []])
def test_no_address_at_all_is_refused(servers: object) -> None:
    with pytest.raises(ValueError, match="at least one"):
        bootstrap_list(servers)  # type: ignore[arg-type]


@pytest.mark.parametrize("servers", [5, [5], [b"a:1"], None])
def test_other_types_are_refused(servers: object) -> None:
    with pytest.raises(TypeError):
        bootstrap_list(servers)  # type: ignore[arg-type]

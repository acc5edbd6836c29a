"""What all mechanisms share."""

from __future__ import annotations

import pytest

from kafka.errors import SaslAuthenticationFailedError
from kafka.net.sasl.conversation import LONGEST_CHALLENGE, check_length, encoded, quoted


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "'plain'"),
        (b"bytes", "'bytes'"),
        ("\x1b[31mred\n", r"'\x1b[31mred\n'"),
        (b"\xff", "'\ufffd'"),
        ("x" * 200, f"'{'x' * 200}'"),
        ("x" * 201, f"'{'x' * 200}' and more"),
        (b"x" * 1_000_000, f"'{'x' * 200}' and more"),
    ],
)
def test_text_of_a_peer_is_shown_printable_and_short(text: str | bytes, shown: str) -> None:
    assert quoted(text) == shown


def test_longest_challenge_is_looked_at() -> None:
    check_length(bytes(LONGEST_CHALLENGE))
    with pytest.raises(SaslAuthenticationFailedError, match="65537 bytes"):
        check_length(bytes(LONGEST_CHALLENGE + 1))


@pytest.mark.parametrize(
    ("text", "data"), [("é", b"\xc3\xa9"), ("", b""), ("a\0", None), ("\ud800", None)]
)
def test_text_is_encoded_if_it_can_be_sent(text: str, data: bytes | None) -> None:
    assert encoded(text) == data

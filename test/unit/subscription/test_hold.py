"""Why records are withheld."""

from __future__ import annotations

from kafka.subscription import Hold


def test_each_hold_is_a_bit_of_its_own() -> None:
    bits = [hold.value for hold in Hold]
    assert all(bit & (bit - 1) == 0 for bit in bits)
    assert len(set(bits)) == len(bits)

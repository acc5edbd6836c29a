"""Delegation tokens over their life."""

from __future__ import annotations

import hmac
from itertools import count

import pytest

from kafka.errors import (
    DelegationTokenExpiredError,
    DelegationTokenNotFoundError,
    DelegationTokenOwnerMismatchError,
)
from kafka.testing.broker.security.sasl import user
from kafka.testing.broker.security.tokens import DelegationToken, DelegationTokens

ALICE, BOB, CAROL = user("alice"), user("bob"), user("carol")


def tokens() -> DelegationTokens:
    numbers = count(1)
    return DelegationTokens(
        b"secret",
        max_lifetime_ms=1000,
        renewal_ms=100,
        random_bytes=lambda size: next(numbers).to_bytes(size),
    )


def created(made: DelegationTokens, max_lifetime_ms: int = -1, now_ms: int = 0) -> DelegationToken:
    return made.create(
        owner=ALICE,
        requester=ALICE,
        renewers=[BOB],
        max_lifetime_ms=max_lifetime_ms,
        now_ms=now_ms,
    )


def test_the_hmac_is_that_of_the_id() -> None:
    token = created(tokens())
    assert token.hmac == hmac.digest(b"secret", token.token_id.encode(), "sha512")


@pytest.mark.parametrize(
    ("asked", "max_ms", "expires_at_ms"),
    [(-1, 1050, 150), (5000, 1050, 150), (500, 550, 150), (20, 70, 70), (0, 50, 50)],
)
def test_lifetimes_are_bounded(asked: int, max_ms: int, expires_at_ms: int) -> None:
    token = created(tokens(), asked, now_ms=50)
    assert (token.max_ms, token.expires_at_ms) == (max_ms, expires_at_ms)


@pytest.mark.parametrize(("period", "expiry"), [(-1, 150), (500, 550), (5000, 1000)])
def test_owner_and_renewers_renew(period: int, expiry: int) -> None:
    for who in (ALICE, BOB):
        made = tokens()
        assert made.renew(created(made).hmac, who, period, 50) == expiry


@pytest.mark.parametrize(("period", "expiry"), [(-1, 50), (0, 50), (20, 70), (5000, 1000)])
def test_tokens_expire_when_told(period: int, expiry: int) -> None:
    made = tokens()
    token = created(made)
    assert made.expire(token.hmac, ALICE, period, 50) == expiry
    assert made.find(token.token_id, expiry) is None


def test_strangers_change_nothing() -> None:
    made = tokens()
    token = created(made)
    for change in (made.renew, made.expire):
        with pytest.raises(DelegationTokenOwnerMismatchError):
            change(token.hmac, CAROL, 10, 0)


def test_unknown_tokens_are_not_found() -> None:
    made = tokens()
    created(made)
    for change in (made.renew, made.expire):
        with pytest.raises(DelegationTokenNotFoundError):
            change(b"other", ALICE, 10, 0)


def test_an_expired_token_stays_expired() -> None:
    made = tokens()
    token = created(made)
    for change in (made.renew, made.expire):
        with pytest.raises(DelegationTokenExpiredError):
            change(token.hmac, ALICE, 10, 100)


def test_only_living_tokens_are_listed() -> None:
    made = tokens()
    created(made)
    second = created(made, now_ms=50)
    assert made.all(100) == [second]
    assert made.find(second.token_id, 149) is second

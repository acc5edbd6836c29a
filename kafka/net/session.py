"""When a connection authenticates again (KIP-368).  Pure: `now` and randomness are passed in.

A broker may say how long it believes an authentication. It looks at the time only when a request
comes, and closes the connection if that is not the beginning of another authentication.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, cast

if TYPE_CHECKING:
    from kafka._base.backoff import Uniform
    from kafka.protocol.messages.fetch import FetchRequest
    from kafka.protocol.schema import Message, Request

_FETCH: Final = 1
# Or many a Fetch would come back empty in the last moments.
_LEAST_WAIT_MS: Final = 20

# The share of its lifetime after which a session is renewed; at random in between, so that the
# connections of a client do not all do it at once.
EARLIEST: Final = 0.85
LATEST: Final = 0.95
# A broker believes a token until its end at most. A client for which that is much sooner has a
# clock that is ahead.
_LEAST_SHARE: Final = 0.1
# Three years: timers need a bound, and a broker may say anything.
LONGEST: Final = 1e8
# A broker refuses a second attempt within a second of the last one; what is sent a little later
# may have been under way for a little less. A session that is shorter, because its token was near
# its end, is over before: requests wait for the rest of that second.
_INTERVAL: Final = 1.05


class Session(NamedTuple):
    """One authentication of a connection that does not last for ever.

    Attributes:
        renew_at: when to authenticate again, in seconds of monotonic time.
        not_before: the next authentication may begin.
        ends_at: the broker closes the connection at the next request.
    """

    renew_at: float
    not_before: float
    ends_at: float

    @property
    def hold_at(self) -> float:
        """When to write nothing any more, although there are no credentials to renew it with."""
        return (self.renew_at + self.ends_at) / 2


def new_session(
    began_at: float, lifetime_ms: int, expires_at: float | None, uniform: Uniform
) -> Session | None:
    """Return the session of an authentication, ``None`` if it lasts for ever.

    Args:
        began_at: when its first request was written, in seconds of monotonic time.
        lifetime_ms: what the broker said; 0 for ever.
        expires_at: when the credential that was used ends, if that is known; without effect if the
            client's clock is ahead.
        uniform: the source of jitter.
    """
    if lifetime_ms <= 0:
        return None
    lifetime = min(lifetime_ms / 1000, LONGEST)
    renew_at = began_at + lifetime * uniform(EARLIEST, LATEST)
    if expires_at is not None and not is_clock_ahead(began_at, lifetime_ms, expires_at):
        renew_at = min(renew_at, expires_at)
    return Session(renew_at, began_at + _INTERVAL, began_at + lifetime)


def is_clock_ahead(began_at: float, lifetime_ms: int, expires_at: float | None) -> bool:
    """Return whether a credential ends long before the broker stops believing it.

    The broker has just accepted it, so it is the client that reads its end wrongly.

    Args:
        began_at: when the first request of the authentication was written.
        lifetime_ms: what the broker said; 0 for ever.
        expires_at: when the credential ends, if that is known.
    """
    if expires_at is None:
        return False
    lifetime = min(max(lifetime_ms, 0) / 1000, LONGEST)
    return expires_at <= began_at + lifetime * _LEAST_SHARE


def shorten_wait(request: Request[Message], session: Session, now: float) -> None:
    """Have a broker answer *request* before the session is renewed, if it may answer later.

    It does not matter if the answer comes a little late: the renewal waits for it.

    Args:
        request: any; only a Fetch waits.
        session: of the connection.
        now: the time.
    """
    if request.API_KEY == _FETCH:
        fetch = cast("FetchRequest", request)
        end = session.renew_at if now < session.renew_at else session.hold_at
        fetch.max_wait_ms = min(fetch.max_wait_ms, max(int((end - now) * 1000), _LEAST_WAIT_MS))

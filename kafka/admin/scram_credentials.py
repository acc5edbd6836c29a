"""Credentials for SCRAM as users of the admin client name them (KIP-554).  Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Final

from kafka._base.secret import Secret, type_shown
from kafka.admin.named_enum import LenientIntEnum, member_of

# Brokers take no others (UNACCEPTABLE_CREDENTIAL): fewer lay the password open, and more would let
# a client keep a broker busy.
MIN_ITERATIONS: Final = 4096
MAX_ITERATIONS: Final = 16384


class ScramMechanism(LenientIntEnum):
    """The SCRAM mechanisms of Kafka, by its numbers."""

    UNKNOWN = 0
    SCRAM_SHA_256 = 1
    SCRAM_SHA_512 = 2

    @property
    def sasl_name(self) -> str:
        """The name that ``sasl_mechanism`` takes, e.g. ``SCRAM-SHA-256``."""
        return self.name.replace("_", "-")


class UserScramCredentialDeletion:
    """Remove a user's credential of one mechanism.

    Args:
        user: name of the user.
        mechanism: a `ScramMechanism`, its number, or its name (``SCRAM-SHA-256``).

    Raises:
        TypeError: an argument is of another type.
        ValueError: the name is empty, or there is no such mechanism.
    """

    def __init__(self, user: str, mechanism: ScramMechanism | str | int) -> None:
        self.user = _checked_user(user)
        self.mechanism = scram_mechanism(mechanism)

    def __repr__(self) -> str:
        """Return what is removed."""
        return f"<UserScramCredentialDeletion {self.user} {self.mechanism.sasl_name}>"


class UserScramCredentialUpsertion:
    """Give a user a password for one mechanism, in the place of the one there is.

    Args:
        user: name of the user.
        mechanism: a `ScramMechanism`, its number, or its name (``SCRAM-SHA-256``).
        password: the password; text is encoded as UTF-8.
        iterations: how often it is hashed, 4096 to 16384; by default 4096.
        salt: what is hashed with it; by default random bytes, new for each request.

    Raises:
        TypeError: an argument is of another type.
        ValueError: an argument is empty or out of its range, there is no such mechanism, or the
            password cannot be encoded.
    """

    DEFAULT_ITERATIONS: ClassVar[int] = MIN_ITERATIONS

    def __init__(
        self,
        user: str,
        mechanism: ScramMechanism | str | int,
        password: str | bytes | Secret[str] | Secret[bytes],
        iterations: int | None = None,
        salt: bytes | None = None,
    ) -> None:
        self.user = _checked_user(user)
        self.mechanism = scram_mechanism(mechanism)
        self.password = _checked_password(password)
        self.iterations = _checked_iterations(
            self.DEFAULT_ITERATIONS if iterations is None else iterations
        )
        self.salt = _checked_salt(salt)

    def __repr__(self) -> str:
        """Return what is altered, without the password and its salt."""
        return (
            f"<UserScramCredentialUpsertion {self.user} {self.mechanism.sasl_name} "
            f"iterations={self.iterations} password={self.password!r}>"
        )


Alteration = UserScramCredentialDeletion | UserScramCredentialUpsertion


def scram_mechanism(mechanism: object) -> ScramMechanism:
    """Return the mechanism that is meant.

    Raises:
        TypeError: neither a number nor a name.
        ValueError: there is no such mechanism.
    """
    found = member_of(ScramMechanism, mechanism, "mechanism")
    if found is ScramMechanism.UNKNOWN:
        raise ValueError(f"mechanism must be SCRAM-SHA-256 or SCRAM-SHA-512, not {mechanism!r}")
    return found


def checked_alterations(alterations: object) -> list[Alteration]:
    """Return *alterations* as a list.

    Raises:
        TypeError: it is no list of alterations.
        ValueError: it is empty.
    """
    what = "UserScramCredentialUpsertion or UserScramCredentialDeletion"
    if isinstance(alterations, Alteration):
        return [alterations]
    if not isinstance(alterations, Iterable):
        raise TypeError(f"alterations must be a list of {what}, not {type_shown(alterations)}")
    checked = list(alterations)
    for alteration in checked:
        if not isinstance(alteration, Alteration):
            # Shown by its type: it may hold a password.
            raise TypeError(f"alterations must hold {what} each, not {type_shown(alteration)}")
    if not checked:
        raise ValueError("alterations must not be empty")
    return checked


def in_waves(alterations: Iterable[Alteration]) -> list[list[Alteration]]:
    """Divide *alterations* so that no part alters a user twice, and each user's keep their order.

    Brokers refuse a request that names a user twice, also for two mechanisms (DUPLICATE_RESOURCE).
    """
    waves: list[list[Alteration]] = []
    altered: dict[str, int] = {}
    for alteration in alterations:
        number = altered.get(alteration.user, 0)
        altered[alteration.user] = number + 1
        if number == len(waves):
            waves.append([])
        waves[number].append(alteration)
    return waves


def _checked_user(user: str) -> str:
    if not isinstance(user, str):
        raise TypeError(f"user must be a str, not {user!r}")
    if not user:
        raise ValueError("user must not be empty")
    return user


def _checked_password(password: str | bytes | Secret[str] | Secret[bytes]) -> Secret[bytes]:
    given: object = password.reveal() if isinstance(password, Secret) else password
    if isinstance(given, str):
        given = _in_utf8(given)
    if not isinstance(given, bytes | bytearray):
        raise TypeError(f"password must be str or bytes, not {type_shown(given)}")
    if not given:
        raise ValueError("password must not be empty")
    return Secret(bytes(given))


def _in_utf8(password: str) -> bytes:
    encoded = password.encode(errors="surrogatepass")
    if encoded.decode(errors="replace") != password:
        # The exception of a plain `encode` would carry the password.
        raise ValueError("password holds a lone surrogate, which is no character of UTF-8")
    return encoded


def _checked_iterations(iterations: int) -> int:
    if isinstance(iterations, bool) or not isinstance(iterations, int):
        raise TypeError(f"iterations must be an int, not {iterations!r}")
    if not MIN_ITERATIONS <= iterations <= MAX_ITERATIONS:
        raise ValueError(
            f"iterations must be {MIN_ITERATIONS} to {MAX_ITERATIONS}, not {iterations}: "
            "brokers take no others"
        )
    return iterations


def _checked_salt(salt: bytes | None) -> bytes | None:
    if salt is None:
        return None
    if not isinstance(salt, bytes | bytearray):
        raise TypeError(f"salt must be bytes, not {type_shown(salt)}")
    if not salt:
        raise ValueError("salt must not be empty")
    return bytes(salt)

"""A value that must not be seen: passwords, private keys, tokens.  Pure.

It hides a value from logs, debuggers and error reports, all of which call `repr`. It does not hide
it from code that asks for it.
"""

from __future__ import annotations

import hmac
from typing import Final, Generic, Never, Self, TypeGuard, TypeVar

T = TypeVar("T")

_PLAIN: Final = frozenset({str, bytes, int, float, bool, type(None), type(len), type(lambda: None)})
_PLAIN_MODULES: Final = frozenset({"kafka", "pathlib", "datetime"})

MASK: Final = "***"
_BEGIN: Final = "-----BEGIN"
_BASE64: Final = frozenset(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_=" + "\r\n\t '\"\ufeff"
)
# The shortest private key, one of Ed25519, has 64 characters.
_SHORTEST_KEY: Final = 60


class Secret(Generic[T]):
    """Hold a value that is shown as ``***``.

    Args:
        value: what to hide.
    """

    __slots__ = ("_value",)

    def __init__(self, value: T) -> None:
        self._value = value

    def reveal(self) -> T:
        """Return the value."""
        return self._value

    def __repr__(self) -> str:
        """Return the mask."""
        return MASK

    def __eq__(self, other: object) -> bool:
        """Compare with another secret; texts and bytes in a time that tells nothing of them."""
        if not isinstance(other, Secret):
            return NotImplemented
        mine, its = self._value, other.reveal()
        if isinstance(mine, str) and isinstance(its, str):
            return hmac.compare_digest(mine.encode(), its.encode())
        if isinstance(mine, bytes) and isinstance(its, bytes):
            return hmac.compare_digest(mine, its)
        return bool(mine == its)

    __hash__ = None  # type: ignore[assignment]  # a hash tells something of what it is made of

    def __copy__(self) -> Self:
        """Return itself: it does not change."""
        return self

    def __deepcopy__(self, memo: object) -> Self:
        """Return itself: it does not change."""
        return self

    def __reduce__(self) -> Never:
        """Refuse to be pickled; pickle what `reveal` returns if that is what you mean."""
        raise TypeError("a secret is not pickled; pickle what its reveal() returns")


def is_hidden(value: object) -> TypeGuard[Secret[object]]:
    """Return whether *value* is a `Secret`."""
    return isinstance(value, Secret)


def hidden(value: object) -> object:
    """Return *value* as a `Secret`; nothing and what is one already stay as they are."""
    return value if value is None or is_hidden(value) else Secret(value)


def revealed(value: object) -> object:
    """Return *value* with every `Secret` in it, or in a list of it, replaced by what it hides."""
    if is_hidden(value):
        return value.reveal()
    if isinstance(value, list) and any(map(is_hidden, value)):
        return [revealed(item) for item in value]
    return value


def may_be_secret(value: object) -> bool:
    """Return whether *value* may hold a private key, or is a list with something that may.

    That is PEM text, and what is between its first and last line, the key in base64.
    """
    if isinstance(value, list | tuple):
        return any(map(may_be_secret, value))
    if isinstance(value, bytes):
        return may_be_secret(value.decode("latin-1"))
    return isinstance(value, str) and (_BEGIN in value or _is_base64_of_der(value))


def _is_base64_of_der(text: str) -> bool:
    """Return whether *text* looks like the base64 of a sequence in DER, as all keys are."""
    start = text[:16].lstrip(" \r\n\t'\"\ufeff")[:2]
    return (
        len(text) >= _SHORTEST_KEY
        and start[:1] == "M"
        and "A" <= start[1:] <= "P"
        and _BASE64.issuperset(text)
    )


def shown(value: object) -> str:
    """Return *value* for a message or a log: as `repr` does, but of foreign objects the type only.

    The repr of an object of the user's may show what it holds: that of a data class shows its
    fields, that of a partial function its arguments, that of a method its object.
    """
    if type(value) is list:
        return f"[{', '.join(map(shown, value))}]"
    if type(value) is tuple:
        return f"({', '.join(map(shown, value))}{',' * (len(value) == 1)})"
    if type(value) is dict:
        return f"{{{', '.join(f'{shown(key)}: {shown(value[key])}' for key in value)}}}"
    return repr(value) if _is_plain(value) else type_shown(value)


def type_shown(value: object) -> str:
    """Return the name of the type of *value*, or of what it hides, for a message or a log."""
    return f"<{type(revealed(value)).__name__}>"


def _is_plain(value: object) -> bool:
    """Return whether the repr of *value* shows nothing but *value* itself."""
    if isinstance(value, type) or type(value) in _PLAIN:
        return True
    if isinstance(value, set | frozenset):
        return all(map(_is_plain, value))
    return type(value).__module__.partition(".")[0] in _PLAIN_MODULES


def hides_something(value: object) -> bool:
    """Return whether *value* is a `Secret` or a list with one."""
    return is_hidden(value) or (isinstance(value, list) and any(map(is_hidden, value)))

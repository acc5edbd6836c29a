"""How one option is declared, and the checks that declarations are made of.

A check takes the value, returns it (or what it stands for) and raises ValueError or TypeError
with a message that `Option.convert` completes with the name of the option.
"""

from __future__ import annotations

import sys
import warnings
from typing import TYPE_CHECKING, Any

from kafka._base.secret import MASK, hidden, may_be_secret, revealed, shown, type_shown
from kafka.errors import KafkaConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Check = Callable[[Any], object]  # Any: each check says itself which types it takes

# What an annotation allows; a type not listed here is left to the option's check.
_TYPES: dict[str, tuple[type, ...]] = {
    "None": (type(None),),
    "bool": (bool,),
    "int": (int,),
    "float": (int, float),
    "str": (str,),
}


class Option:
    """One option: its default, type, check and documentation.

    Attributes:
        name: public name, also the attribute of the `Config` that declares it.
        annotation: types a user may give: the declared one, unless the check takes more.
        default: value when the user gives none.
        doc: what it does, in the style of a reference.
        old_names: names it had in earlier releases, accepted with a DeprecationWarning.
        secret: whether its value must not appear in logs.
        opaque: whether nothing of its value but the type may appear in logs.
        ignored: why it has no effect, or an empty string.
    """

    __slots__ = (
        "annotation",
        "check",
        "default",
        "doc",
        "ignored",
        "name",
        "old_names",
        "opaque",
        "secret",
    )

    def __init__(
        self,
        default: object,
        check: Check | None,
        doc: str,
        *,
        old_names: tuple[str, ...] = (),
        secret: bool = False,
        opaque: bool = False,
        ignored: str = "",
        takes: str = "",
    ) -> None:
        self.default = default
        self.check = check
        self.doc = doc
        self.old_names = old_names
        self.secret = secret
        self.opaque = opaque
        self.ignored = ignored
        self.name = ""
        self.annotation = takes

    def __repr__(self) -> str:
        """Return name, type and default."""
        return f"<Option {self.name}: {self.annotation} = {self.default!r}>"

    def convert(self, value: object) -> object:
        """Return *value* as the configuration keeps it: a secret one as a `Secret`.

        Raises:
            TypeError: it has the wrong type.
            KafkaConfigurationError: it has the right type, but cannot work.
        """
        self._check_type(value)
        if self.check is None or (value is None and self.default is None):
            return hidden(value) if self.secret else revealed(value)
        fault: TypeError | ValueError
        try:
            kept = self.check(revealed(value))
        except (TypeError, ValueError) as exc:
            fault = exc
        else:
            return hidden(kept) if self.secret else kept
        # Not raised above: the error would lead to the frames of the check, and to the value.
        text = f"{self.name}={self._shown(value)}: {fault}"
        if isinstance(fault, TypeError):
            raise TypeError(text)
        raise KafkaConfigurationError(text)

    def _shown(self, value: object) -> str:
        """Return *value* for a message, the mask if it may be one to hide."""
        if self.opaque:
            return type_shown(value)
        return MASK if self.secret or may_be_secret(value) else shown(value)

    def _check_type(self, value: object) -> None:
        if value is self.default:
            return
        words = self.annotation.split(" | ")
        if not all(word in _TYPES for word in words):
            return
        given = type(revealed(value))
        if issubclass(given, bool) and "bool" not in words:
            allowed = False
        else:
            allowed = any(issubclass(given, _TYPES[word]) for word in words)
        if not allowed:
            raise TypeError(
                f"{self.name} must be {self.annotation}, not {given.__name__} "
                f"({self._shown(value)})"
            )


# Any: stands where the checker expects a value of the annotated type, as dataclasses.field does.
def option(
    default: object,
    check: Check | None,
    doc: str,
    *,
    old_names: tuple[str, ...] = (),
    secret: bool = False,
    opaque: bool = False,
    takes: str = "",
) -> Any:
    """Declare an option: ``linger_ms: float = option(0, at_least(0), "Wait this long ...")``.

    Args:
        default: value when the user gives none; never checked for its type.
        check: takes a value, returns what to keep; None keeps any value of the right type.
        doc: what the option does.
        old_names: names of earlier releases.
        secret: hide the value in texts.
        opaque: show only the type of the value in texts.
        takes: types a user may give, as an annotation, if they differ from what is kept.
    """
    return Option(
        default, check, doc, old_names=old_names, secret=secret, opaque=opaque, takes=takes
    )


# Any: as for `option`.
def ignored(default: object, reason: str) -> Any:
    """Declare an option that is accepted, with a warning that says why it has no effect."""
    return Option(default, None, f"No effect: {reason}.", ignored=reason)


# Any: as for `option`.
def unbuilt(default: object, feature: str, doc: str, *, secret: bool = False) -> Any:
    """Declare an option of a feature this release does not have: only its default is accepted."""

    def check(value: object) -> object:
        if value == default:
            return value
        raise ValueError(f"{feature} is not part of this release; leave the option out")

    note = f"{doc} Not part of this release: any other value is refused."
    return Option(default, check, note, secret=secret)


class seconds:  # noqa: N801 - reads as a word in declarations, like property
    """The value of an option in milliseconds, as float seconds: the unit inside the package."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, instance: object, owner: type) -> float:
        """Return the seconds."""
        milliseconds: float = getattr(instance, self._name)
        return milliseconds / 1000


def at_least(minimum: float) -> Check:
    """Make a check for numbers not below *minimum*; NaN is refused."""

    def check(value: float) -> float:
        if value >= minimum:
            return value
        raise ValueError(f"must be at least {minimum}")

    return check


def within(minimum: float, maximum: float) -> Check:
    """Make a check for numbers from *minimum* to *maximum*; NaN is refused."""

    def check(value: float) -> float:
        if minimum <= value <= maximum:
            return value
        raise ValueError(f"must be between {minimum} and {maximum}")

    return check


def between(minimum: int, maximum: int, *, also: int | None = None) -> Check:
    """Make a check for numbers from *minimum* to *maximum*, or *also*."""

    def check(value: int) -> int:
        if minimum <= value <= maximum or value == also:
            return value
        extra = "" if also is None else f", or {also}"
        raise ValueError(f"must be between {minimum} and {maximum}{extra}")

    return check


def int32(minimum: int) -> Check:
    """Make a check for numbers from *minimum* to the largest that the protocol can say."""
    return between(minimum, 2**31 - 1)


def one_of(*words: str) -> Check:
    """Make a check for one of *words*, in any mixture of upper and lower case."""
    by_fold = {word.lower(): word for word in words}

    def check(value: str) -> str:
        word = by_fold.get(value.lower())
        if word is None:
            raise ValueError(f"must be one of {', '.join(words)}")
        return word

    return check


def not_empty(value: str) -> str:
    """Check a string for having at least one character."""
    if value:
        return value
    raise ValueError("must not be empty")


def warn_user(message: str, category: type[Warning] = DeprecationWarning) -> None:
    """Warn, blaming the first line outside this package, which is what the user can change."""
    level = 2  # 1 would be this function
    frame = sys._getframe(1)  # noqa: SLF001 - the documented way to look at the caller
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith("kafka."):
        frame = frame.f_back
        level += 1
    warnings.warn(message, category, stacklevel=level)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that *name* was probably meant to be."""
    import difflib  # noqa: PLC0415 - needed for errors only

    matches = difflib.get_close_matches(name.lower().replace(".", "_"), list(known), 1, 0.6)
    return matches[0] if matches else None

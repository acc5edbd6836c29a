"""The roots of the error tree.

Every error of this package is a `KafkaError`. Errors compare by identity, hash, copy and pickle.
"""

from __future__ import annotations

from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping


class KafkaError(RuntimeError):
    """Be the root of all errors of this package.

    Attributes:
        retriable: trying again may succeed, with nothing changed by the caller.
        invalid_metadata: the cluster metadata is out of date and is fetched again before a retry.
        may_be_written: the records that failed with this error may be in the log all the same. If
            it is false they are not, and sending them again writes them once.
        results: what a call of the admin client found out about all its keys, if it raised this
            error because of some of them. Any: what the call returns.
        errors: the errors of those keys, by key.
    """

    retriable: ClassVar[bool] = False
    invalid_metadata: ClassVar[bool] = False
    may_be_written: bool = False
    results: Any = None
    errors: Mapping[Any, KafkaError] = MappingProxyType({})

    def __str__(self) -> str:
        """Return the class name and what the error was raised with."""
        detail = super().__str__()
        return f"{type(self).__name__}: {detail}" if detail else type(self).__name__


class RetriableError(KafkaError):
    """Be the root of the errors after which the same request may be sent again."""

    retriable = True


class InvalidMetadataError(RetriableError):
    """Be the root of the errors that show the cluster metadata to be out of date."""

    invalid_metadata = True


class BrokerResponseError(KafkaError):
    """Be the root of the errors that a broker reports with an error code.

    Attributes:
        errno: Kafka's error code.
        message: Kafka's name of the error, e.g. ``NOT_COORDINATOR``.
        description: what the error means, in one sentence.
    """

    errno: ClassVar[int]
    message: ClassVar[str]
    description: ClassVar[str]

    def __str__(self) -> str:
        """Return the code, the class name and the detail, by default the description."""
        errno = getattr(self, "errno", None)
        detail = ", ".join(map(str, self.args)) or getattr(self, "description", "")
        name = type(self).__name__ if errno is None else f"[Error {errno}] {type(self).__name__}"
        return f"{name}: {detail}" if detail else name


class AuthorizationError(BrokerResponseError):
    """Be the root of the errors that report a missing permission (an ACL)."""


class UnrecognizedBrokerError(BrokerResponseError):
    """Report an error code that this version of the package does not know.

    `for_code` makes one subclass for each unknown code.
    """

    errno = -2
    message = "UNRECOGNIZED"
    description = "The broker sent an error code that this client does not know."

    # The subclasses cannot be found by name, so an instance pickles as its code.
    def __reduce__(self) -> tuple[object, ...]:
        """Return how to build a copy of this error."""
        return _rebuild_unrecognized, (self.errno, self.args), self.__dict__ or None


@cache
def unrecognized(code: int) -> type[UnrecognizedBrokerError]:
    """Return the class that stands for the unknown error code *code*."""
    if code == UnrecognizedBrokerError.errno:
        return UnrecognizedBrokerError
    return type("UnrecognizedBrokerError", (UnrecognizedBrokerError,), {"errno": code})


def _rebuild_unrecognized(code: int, args: tuple[object, ...]) -> UnrecognizedBrokerError:
    return unrecognized(code)(*args)

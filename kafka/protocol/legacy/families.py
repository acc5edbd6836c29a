"""All versions of one structure, as kafka-python names them: ``MetadataRequest[1]``.

Pure. Classes are made on first use. As a sequence a family is the list of the versions that
kafka-python 2.x had, so that code which takes the last one gets one it knows; later versions have
their index. Called, as kafka-python 3.x does it, a family makes a message whose version is picked
when it is sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, overload

from kafka.errors import UnsupportedVersionError
from kafka.protocol.legacy.structs import struct_class

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kafka.protocol.api import Request, Response
    from kafka.protocol.schema import Message
    from kafka.protocol.struct import Struct


class NoSuchVersionError(UnsupportedVersionError, IndexError):
    """Report a version that a structure does not have; of a list it is an `IndexError`."""


class Family(Sequence["type[Request] | type[Response]"]):
    """The versions of one request or response.

    Args:
        name: kafka-python's name, such as ``MetadataRequest``.
        module: the module that offers it.
        message: our class of all its versions.
        known: how many versions, from 0 on, kafka-python 2.x had; 0 if it did not have the API.
    """

    def __init__(self, name: str, module: str, message: type[Message], known: int) -> None:
        self.__name__ = name
        self.__module__ = module
        self.__doc__ = f"{name}, versions {message.VERSIONS}: {name}[{message.VERSIONS.max}]."
        self.message = message
        self._known = known
        self._versions = range(known) if known else _all(message)

    def __repr__(self) -> str:
        """Return the name, and the versions."""
        return f"<{self.__name__}, versions {self.message.VERSIONS}>"

    def __len__(self) -> int:
        """Return how many versions kafka-python 2.x had."""
        return len(self._versions)

    def __iter__(self) -> Iterator[type[Request] | type[Response]]:
        """Go through the versions that kafka-python 2.x had."""
        return map(self._struct, self._versions)

    @overload
    def __getitem__(self, version: int) -> type[Request] | type[Response]: ...
    @overload
    def __getitem__(self, version: slice) -> list[type[Request] | type[Response]]: ...
    def __getitem__(self, version: object) -> Any:
        """Return the class of a version.

        Args:
            version: any that the protocol has; -1 is the last one of kafka-python 2.x.

        Raises:
            UnsupportedVersionError: there is no such version; it is an `IndexError`, too.
            TypeError: *version* is no number.
        """
        if isinstance(version, slice):
            return [self._struct(number) for number in self._versions[version]]
        if not isinstance(version, int):
            name, last = self.__name__, self.message.VERSIONS.max
            raise TypeError(f"{name}[...] takes a version, such as {name}[{last}], not {version!r}")
        if version < 0:
            version = self._versions.stop + version if version >= -len(self) else version
        return self._struct(version)

    def _struct(self, version: int) -> type[Request] | type[Response]:
        low, high = self.message.VERSIONS
        if not low <= version <= high:
            past = f"2.x had 0 to {self._known - 1}" if self._known else "2.x had none"
            raise NoSuchVersionError(
                f"{self.message.NAME} has versions {low} to {high} here, {past}; "
                f"there is no {version}"
            )
        return struct_class(self.message, version, self.__name__, self.__module__)

    def __call__(self, *, version: int | None = None, **fields: Any) -> Message | Struct:
        """Return a message; without a version, which is picked when it is sent.

        Args:
            version: to have the structure of this one.
            fields: by Kafka's names; nested structures are made by classes of this one, such as
                ``MetadataRequest.MetadataRequestTopic``.
        """
        message = self.message(**fields)
        return message if version is None else self[version].decode(message.encode(version))

    def __getattr__(self, name: str) -> Any:
        """Return an attribute of the message: ``API_KEY``, or the class of a nested structure."""
        if name.startswith("_") or not hasattr(self.message, name):
            raise AttributeError(f"{self.__name__} has no attribute {name!r}")
        return getattr(self.message, name)

    def __instancecheck__(self, instance: object) -> bool:
        """Tell whether *instance* is of any version."""
        own = map(self._struct, _all(self.message))
        return isinstance(instance, self.message) or any(type(instance) is cls for cls in own)


def _all(message: type[Message]) -> range:
    return range(message.VERSIONS.min, message.VERSIONS.max + 1)

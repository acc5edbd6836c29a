"""Messages: structures that a request or response sends as a whole.

Pure. The codec of a message is compiled on the first use of each version.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, ClassVar, Generic, Self, TypeVar

from kafka.errors import IllegalArgumentError, KafkaProtocolError, UnsupportedVersionError
from kafka.protocol.compiler import compile_decoder, compile_encoder
from kafka.protocol.diagnosis import diagnose
from kafka.protocol.fields import (
    BOOL,
    BYTES,
    FLOAT64,
    INT8,
    INT16,
    INT32,
    INT64,
    RECORDS,
    STRING,
    STRUCT,
    UINT16,
    UINT32,
    UUID_,
    Field,
    Kind,
    Struct,
    VersionRange,
)
from kafka.protocol.primitives import ZERO_UUID, Records

if TYPE_CHECKING:
    from kafka.protocol.compiler import Decoder, Encoder
    from kafka.protocol.primitives import Buffer


class Message(Struct):
    """One message of the protocol, all versions in one class.

    Attributes:
        NAME: Kafka's name of the API, e.g. ``Fetch``.
        API_KEY: Kafka's number of the API; -1 for messages that are not requests or responses.
        VERSIONS: the versions this class can encode and decode.
        FLEXIBLE_SINCE: first version with compact lengths and tagged fields (KIP-482), or None.
    """

    __slots__ = ()
    NAME: ClassVar[str]
    API_KEY: ClassVar[int]
    VERSIONS: ClassVar[VersionRange]
    FLEXIBLE_SINCE: ClassVar[int | None]
    _encoders: ClassVar[dict[int, Encoder]]
    _decoders: ClassVar[dict[int, Decoder]]

    def __init_subclass__(cls) -> None:
        """Give each message class a codec cache of its own."""
        super().__init_subclass__()
        cls._encoders = {}
        cls._decoders = {}

    def encode(self, version: int) -> bytes:
        """Return the message as *version* writes it.

        Raises:
            UnsupportedVersionError: there is no such version, or a field is set to something
                other than its default and the version cannot carry it.
            IllegalArgumentError: a field holds a value its type cannot.
        """
        parts = self.encode_parts(version)
        return parts[0] if len(parts) == 1 and type(parts[0]) is bytes else b"".join(parts)

    def encode_parts(self, version: int) -> list[bytes | memoryview]:
        """Return the message as *version* writes it, large byte strings uncopied.

        Records and bytes fields over 1 KB stay pieces of their own; all else is joined.

        Raises:
            UnsupportedVersionError: as for `encode`.
            IllegalArgumentError: as for `encode`.
        """
        encoder = self._encoders.get(version)
        if encoder is None:
            self._check_version(version)
            encoder = self._encoders[version] = compile_encoder(
                type(self), version, flexible_since=self.FLEXIBLE_SINCE
            )
        try:
            return encoder(self)
        except (struct.error, AttributeError, TypeError, ValueError, OverflowError) as exc:
            name = f"{type(self).__name__} v{version}"
            raise IllegalArgumentError(f"{name}: {diagnose(self, version) or exc}") from exc

    @classmethod
    def decode(cls, data: Buffer, version: int, offset: int = 0) -> Self:
        """Return the message that starts at *offset* and fills the rest of *data*.

        Raises:
            KafkaProtocolError: the bytes are not such a message, or some are left over.
            UnsupportedVersionError: there is no such version.
        """
        message, end = cls.decode_prefix(data, version, offset)
        if end != len(data):
            raise KafkaProtocolError(
                f"{cls.__name__} v{version}: {len(data) - end} bytes left over at byte {end}"
            )
        return message

    @classmethod
    def decode_prefix(cls, data: Buffer, version: int, offset: int = 0) -> tuple[Self, int]:
        """Return the message that starts at *offset*, and the position after it.

        Raises:
            KafkaProtocolError: the bytes are not such a message.
            UnsupportedVersionError: there is no such version.
        """
        decoder = cls._decoders.get(version)
        if decoder is None:
            cls._check_version(version)
            decoder = cls._decoders[version] = compile_decoder(
                cls, version, flexible_since=cls.FLEXIBLE_SINCE
            )
        try:
            message, end = decoder(data, offset, len(data))
        except (struct.error, IndexError) as exc:
            raise KafkaProtocolError(
                f"{cls.__name__} v{version}: the message ends too early ({len(data)} bytes)"
            ) from exc
        except UnicodeDecodeError as exc:
            raise KafkaProtocolError(f"{cls.__name__} v{version}: {exc}") from exc
        assert isinstance(message, cls)
        return message, end

    @classmethod
    def _check_version(cls, version: int) -> None:
        if version not in cls.VERSIONS:
            raise UnsupportedVersionError(
                f"{cls.__name__} has no version {version}, only {cls.VERSIONS}"
            )


R_co = TypeVar("R_co", bound=Message, covariant=True)


class Request(Message, Generic[R_co]):
    """A message that a client sends.

    Attributes:
        RESPONSE: the class of the message that answers it.
    """

    __slots__ = ()
    RESPONSE: type[R_co]


__all__ = [
    "BOOL",
    "BYTES",
    "FLOAT64",
    "INT8",
    "INT16",
    "INT32",
    "INT64",
    "RECORDS",
    "STRING",
    "STRUCT",
    "UINT16",
    "UINT32",
    "UUID_",
    "ZERO_UUID",
    "Field",
    "Kind",
    "Message",
    "Records",
    "Request",
    "Struct",
    "VersionRange",
]

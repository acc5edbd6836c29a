"""CRC-32C (Castagnoli), the checksum of v2 record batches.

The `crc32c` package computes it at memory speed.  Without it a table-driven loop does, some
five hundred times slower, and says so once.
"""

import struct
from collections.abc import Callable
from functools import cache, partial
from importlib.machinery import PathFinder
from importlib.util import module_from_spec
from typing import cast

from kafka._base.logs import logger

log = logger(__name__)

Buffer = bytes | bytearray | memoryview
Checksum = Callable[[Buffer, int], int]

_POLYNOMIAL = 0x82F6_3B78  # 0x1EDC6F41 with its bits reversed
_MASK = 0xFFFF_FFFF


class PureCrc32c:
    """CRC-32C in Python: four bytes a step, by two tables of 65,536 entries built on first use."""

    def __init__(self) -> None:
        self._low: list[int] = []
        self._high: list[int] = []

    def __call__(self, data: Buffer, value: int = 0) -> int:
        """Return the checksum of *data*, continuing from *value*."""
        if not self._low:
            self._build()
        low, high = self._low, self._high
        crc = value ^ _MASK
        view = memoryview(data).cast("B")
        whole = len(view) & ~3
        for (word,) in struct.iter_unpack("<I", view[:whole]):
            crc ^= word
            crc = high[crc & 0xFFFF] ^ low[crc >> 16]
        for byte in view[whole:]:
            crc = low[(crc ^ byte) << 8 & 0xFFFF] ^ crc >> 8
        return crc ^ _MASK

    def _build(self) -> None:
        """Fill the tables: `low` takes 16 bits through 16 steps of the division, `high` 32."""
        one_byte = []
        for byte in range(256):
            crc = byte
            for _ in range(8):
                crc = crc >> 1 ^ (_POLYNOMIAL if crc & 1 else 0)
            one_byte.append(crc)
        low = []
        for word in range(65_536):
            crc = one_byte[word & 255] ^ word >> 8
            low.append(one_byte[crc & 255] ^ crc >> 8)
        self._high = [low[crc & 0xFFFF] ^ crc >> 16 for crc in low]
        self._low = low


class WarningCrc32c:
    """The pure checksum, with one log line before the first one."""

    def __init__(self) -> None:
        self._pure = PureCrc32c()
        self._warned = False

    def __call__(self, data: Buffer, value: int = 0) -> int:
        if not self._warned:
            self._warned = True
            log.warning(
                "the crc32c package is missing, so record checksums are computed in Python and "
                "throughput suffers; run: pip install crc32c"
            )
        return self._pure(data, value)


def crc32c(data: Buffer, value: int = 0) -> int:
    """Return the checksum of *data*, continuing from *value*."""
    return _implementation()(data, value)


@cache
def _implementation() -> Checksum:
    """Find the fastest implementation, once, when the first checksum is wanted."""
    try:
        compiled = _extension() or _package()
    except ImportError:
        return WarningCrc32c()
    # By default it gives up the interpreter's lock for data above 32 KB, which takes microseconds
    # to check: waiting for the other thread to give the lock back takes many times as long.
    return partial(compiled, gil_release_mode=0)


def _package() -> Callable[..., int]:
    from crc32c import crc32c as compiled  # noqa: PLC0415 - see `_extension`

    return compiled


def _extension() -> Callable[..., int] | None:
    """Return what is compiled of the package, loaded alone; ``None`` if it is not where it was.

    The package around it reads its own version when it is imported, for which Python loads
    everything about mail and archives: 3 MB and tens of milliseconds.
    """
    package = PathFinder.find_spec("crc32c")
    if package is None or package.submodule_search_locations is None:
        return None
    spec = PathFinder.find_spec("crc32c._crc32c", package.submodule_search_locations)
    if spec is None or spec.loader is None:
        return None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    # A cast, because a module's attributes have no types; the tests compare the checksums.
    return cast("Callable[..., int] | None", getattr(module, "crc32c", None))

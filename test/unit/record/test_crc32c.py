"""CRC-32C: known checksums, and the fallback against the library."""

import logging
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kafka.record.crc32c import PureCrc32c, WarningCrc32c, crc32c

PURE = PureCrc32c()

# RFC 3720, appendix B.4, and the usual check value.
VECTORS = [
    (b"123456789", 0xE3069283),
    (bytes(32), 0x8A9136AA),
    (b"\xff" * 32, 0x62A8AB43),
    (bytes(range(32)), 0x46DD794E),
    (b"", 0),
]


@pytest.mark.parametrize("function", [crc32c, PURE], ids=["chosen", "pure"])
@pytest.mark.parametrize(("data", "checksum"), VECTORS)
def test_known_checksums(function, data, checksum):
    assert function(data, 0) == checksum


@given(st.binary(max_size=40), st.binary(max_size=40))
def test_the_fallback_continues_a_checksum_as_the_library_does(first, second):
    assert PURE(memoryview(second), PURE(first)) == crc32c(first + second, 0)


def test_the_missing_library_is_named_once(caplog):
    checksum = WarningCrc32c()
    with caplog.at_level(logging.WARNING):
        assert checksum(b"123456789") == checksum(b"123456789") == 0xE3069283
    (message,) = [record.getMessage() for record in caplog.records]
    assert message.endswith("run: pip install crc32c")


@pytest.mark.parametrize("size", [0, 1, 32_768, 100_000])
def test_pieces_of_any_size_may_be_continued(size: int) -> None:
    data = bytes(range(256)) * 400
    assert crc32c(data[size:], crc32c(data[:size])) == crc32c(data)


def test_the_first_checksum_loads_nothing_but_the_library_itself() -> None:
    program = (
        "import sys\n"
        "from kafka.record.crc32c import crc32c\n"
        "assert crc32c(b'123456789') == 0xE3069283\n"
        "assert 'importlib.metadata' not in sys.modules\n"
        "import crc32c as package\n"
        "assert package.crc32c(b'123456789') == 0xE3069283\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)

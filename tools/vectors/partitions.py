"""``python -m tools.vectors.partitions``: let Java choose the partitions of 10,000 keys.

Writes ``test/vectors/java_partitions.bin.gz``: a byte for each key that `keyed` invents. Needs
Java 17 and Maven.
"""

from __future__ import annotations

import gzip
import random
import subprocess
from pathlib import Path
from typing import Final

from tools.generate_protocol.__main__ import LOGGING, NEWEST, ROOT
from tools.maven import fetch

TARGET: Final = ROOT / "test/vectors/java_partitions.bin.gz"
KEYS: Final = 10_000
_LONGEST: Final = 80


def keyed() -> list[tuple[bytes, int]]:
    """Return keys, the same each time, each with a number of partitions from 1 to 256.

    A third are numbers and names as programs use them, the others any bytes of any length.
    """
    source = random.Random("keys")  # noqa: S311 - the same keys each time
    found = []
    for number in range(KEYS):
        key = source.randbytes(number % _LONGEST)
        if number % 3 == 0:
            key = f"{('', 'user-', 'størrelse-')[number % 9 // 3]}{number}".encode()
        found.append((key, 1 + source.randrange(256)))
    return found


def make_vectors() -> bytes:
    """Return the partition that Java chooses for each of `keyed`."""
    program = Path(__file__).with_name("PartitionVectors.java")
    path = ":".join(map(str, fetch([NEWEST, LOGGING])))
    lines = "".join(f"{count} {key.hex()}\n" for key, count in keyed())
    run = subprocess.run(
        ["java", "-cp", path, str(program)],
        input=lines,
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode:
        raise RuntimeError(f"{program.name} failed:\n{run.stderr}")
    return bytes(map(int, run.stdout.split()))


def main() -> None:
    """Write the file."""
    TARGET.write_bytes(gzip.compress(make_vectors(), mtime=0))
    print(f"{TARGET.stat().st_size} bytes in {TARGET.relative_to(ROOT)}")


if __name__ == "__main__":
    main()

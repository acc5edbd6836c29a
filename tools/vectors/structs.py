"""``python -m tools.vectors.structs``: have the released kafka-python write its structures.

Writes ``test/vectors/released_structs.json.gz``, by release; each runs in an environment of its own
(needs Python 3.11, the newest that 2.0.2 runs on, and PyPI).
"""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Any, Final

from tools.generate_protocol.__main__ import ROOT

TARGET: Final = ROOT / "test/vectors/released_structs.json.gz"
RELEASES: Final = ("2.0.2", "2.3.3")
_PYTHON: Final = (3, 11)
_PROGRAM: Final = Path(__file__).with_name("released_structs.py")


def describe(release: str) -> Any:
    """Return what *release* says of its structures, as JSON."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = str(Path(folder, "bin", "python"))
        subprocess.run(
            [python, "-m", "pip", "install", "-q", f"kafka-python=={release}"], check=True
        )
        run = subprocess.run(
            [python, "-P", str(_PROGRAM)], capture_output=True, text=True, check=False, cwd=folder
        )
    if run.returncode:
        raise RuntimeError(f"{_PROGRAM.name} failed with {release}:\n{run.stderr}")
    return json.loads(run.stdout)


def main() -> None:
    """Write the file."""
    if sys.version_info[:2] != _PYTHON:
        raise SystemExit("the releases run on Python 3.11")
    found = {release: describe(release) for release in RELEASES}
    text = json.dumps(found, separators=(",", ":"))
    TARGET.write_bytes(gzip.compress(text.encode(), mtime=0))
    print(f"{TARGET.stat().st_size} bytes in {TARGET.relative_to(ROOT)}")


if __name__ == "__main__":
    main()

"""``python -m tools.typing_check``: what type checkers say about programs that use the package.

mypy --strict and pyright must find nothing in ``test/typing/right.py``, and in
``test/typing/mistakes.py`` something on each line that has a mistake, and on no other.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[1]
RIGHT = ROOT / "test/typing/right.py"
MISTAKES = ROOT / "test/typing/mistakes.py"
MARK = "# mistake:"

Findings = set[tuple[str, int]]


def marked(path: Path) -> Findings:
    """Return name and number of each line of *path* that has a mistake."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return {(path.name, number) for number, line in enumerate(lines, 1) if MARK in line}


def mypy() -> Findings:
    """Return where mypy finds errors."""
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--no-pretty"]
    # As for an installed package: of it nothing is reported, such as a codec without types.
    command += ["--config-file=", "--follow-imports=silent"]
    answer = _run([*command, str(RIGHT), str(MISTAKES)])
    found = (line.split(":", 3) for line in answer.splitlines() if ": error:" in line)
    return {(Path(name).name, int(number)) for name, number, *_ in found}


def pyright() -> Findings:
    """Return where pyright finds errors."""
    answer = _run([sys.executable, "-m", "pyright", "--outputjson", str(RIGHT), str(MISTAKES)])
    return {
        (Path(found["file"]).name, found["range"]["start"]["line"] + 1)
        for found in json.loads(answer)["generalDiagnostics"]
        if found["severity"] == "error"
    }


def _run(command: list[str]) -> str:
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    if done.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def report(checker: Callable[[], Findings]) -> int:
    """Print what *checker* misses and what it should not find; return how many lines these are."""
    expected, found = marked(MISTAKES), checker()
    for name, number in sorted(expected - found):
        print(f"{checker.__name__} does not find the mistake at {name}:{number}")
    for name, number in sorted(found - expected):
        print(f"{checker.__name__} finds an error where there is none, at {name}:{number}")
    print(f"{checker.__name__}: {len(expected & found)} of {len(expected)} mistakes found")
    return len(expected ^ found)


def main() -> int:
    """Run both checkers."""
    return 1 if sum(map(report, (mypy, pyright))) else 0


if __name__ == "__main__":
    sys.exit(main())

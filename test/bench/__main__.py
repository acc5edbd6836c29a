"""Everything: ``python -m test.bench``, which is what ``tox -e bench`` runs.

All rows on all brokers, memory, and the record codec; then the pictures and the tables of the
documentation are made anew. With ``--rows`` only those rows are measured and printed, and the
documentation stays as it is. All options are those of `test.bench.end_to_end`.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

DOCS = Path("docs")
STATIC = DOCS / "_static"
# What was measured last is kept until the next time, should drawing it fail.
RESULTS, MEMORY = Path("build/bench/rows.json"), Path("build/bench/memory.json")
ALL, SVG = STATIC / "performance.json", STATIC / "performance.svg"
CLIENTS = STATIC / "clients.svg"
TABLE = DOCS / "performance_table.rst"


def run(module: str, *arguments: str | Path) -> None:
    """Run a module of this package.

    Raises:
        CalledProcessError: it failed.
    """
    subprocess.run([sys.executable, "-m", f"test.bench.{module}", *arguments], check=True)


def main(arguments: list[str]) -> None:
    """Run what *arguments* ask for."""
    if any(argument.partition("=")[0] == "--rows" for argument in arguments):
        run("end_to_end", *arguments)
        return
    everything = ("--broker", "kafka,mock,replay", "--rows", "all", "--json", RESULTS)
    run("end_to_end", *everything, *arguments)
    run("memory", "--json", MEMORY)
    run("record_codec", "--fast", "--processes=3", "--quiet")
    run("plot", RESULTS, MEMORY, SVG, "--table", TABLE, "--json", ALL)
    run("clients_plot", ALL, CLIENTS)


if __name__ == "__main__":
    main(sys.argv[1:])

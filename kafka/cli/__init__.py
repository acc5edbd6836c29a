"""The commands of ``python -m kafka``; the module of each is imported when it is asked for.

The console script ``kafka-python`` is the same.
"""

from __future__ import annotations

import argparse
import sys
from importlib import import_module, metadata
from typing import TYPE_CHECKING, Final, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS: Final = {
    "demo": "start a cluster in this process, use it, move a leader under load, say how fast",
}


class _Command(Protocol):
    """What the module of a command offers."""

    def main(self, arguments: Sequence[str]) -> int:
        """Do what *arguments* ask for and return the exit status."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that *arguments* name.

    Args:
        arguments: words after ``python -m kafka``; by default those of this process.

    Returns:
        The exit status: 0 for success.
    """
    words = sys.argv[1:] if arguments is None else arguments
    _warn_of_mixed_files()
    _warn_of_stubs()
    parser = argparse.ArgumentParser(
        prog="python -m kafka",
        description="Client for Apache Kafka.",
        epilog="; ".join(f"{name}: {what}" for name, what in COMMANDS.items()),
    )
    parser.add_argument("command", choices=COMMANDS)
    chosen = parser.parse_args(words[:1]).command
    # The type of a module says nothing of its functions.
    command = cast("_Command", import_module(f"kafka.cli.{chosen}"))
    return command.main(words[1:])


def _warn_of_mixed_files() -> None:
    """Say so if several distributions own the package: their files overwrite each other."""
    owners = sorted(set(metadata.packages_distributions().get("kafka", ())))
    if len(owners) > 1:
        print(
            f"warning: {' and '.join(owners)} are installed together and share the package "
            f"'kafka', so their files are mixed; uninstall all of them, then install one",
            file=sys.stderr,
        )


def _warn_of_stubs() -> None:
    """Say so if stubs of kafka-python 2.x are installed: type checkers prefer them."""
    try:
        metadata.version("types-kafka-python")
    except metadata.PackageNotFoundError:
        return
    print(
        "warning: types-kafka-python is installed; type checkers prefer its stubs "
        "of kafka-python 2.x to the types of this package: pip uninstall types-kafka-python",
        file=sys.stderr,
    )

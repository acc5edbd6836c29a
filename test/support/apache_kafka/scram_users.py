"""Tell a cluster that is not started yet who can authenticate by SCRAM.

Limits: names and passwords of letters, digits and dashes; the tools have no way to say others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

SCRAMS: Final = ("SCRAM-SHA-256", "SCRAM-SHA-512")


def format_options(users: Mapping[str, str]) -> list[str]:
    """Return options of the storage tool (KIP-900)."""
    return [
        word
        for name, password in users.items()
        for mechanism in SCRAMS
        for word in ("--add-scram", f"{mechanism}=[name={name},password={password}]")
    ]


def scram_command(name: str, password: str, zookeeper: str) -> list[str]:
    """Return class and arguments of the tool that puts a user into *zookeeper*."""
    told = ",".join(f"{mechanism}=[password={password}]" for mechanism in SCRAMS)
    where = ["--zookeeper", zookeeper, "--entity-type", "users", "--entity-name", name]
    return ["kafka.admin.ConfigCommand", *where, "--alter", "--add-config", told]

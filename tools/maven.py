"""Fetch Java artifacts from Maven Central through Maven's own client.

What the local repository already holds is used as it is, so a second run needs no network.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def fetch(coordinates: Sequence[str], target: Path | None = None) -> list[Path]:
    """Return one jar for each of *coordinates*, downloading those that are missing.

    Args:
        coordinates: ``group:artifact:version`` each; dependencies are not followed.
        target: directory to copy the jars into; by default they stay in the local repository.

    Returns:
        The paths of the jars, in the order of *coordinates*.

    Raises:
        RuntimeError: Maven is missing or could not find an artifact.
    """
    jars = [_resolve(coordinate) for coordinate in coordinates]
    if target is None:
        return jars
    target.mkdir(parents=True, exist_ok=True)
    return [Path(shutil.copy2(jar, target / jar.name)) for jar in jars]


def _resolve(coordinate: str) -> Path:
    group, artifact, version = coordinate.split(":")
    jar = (
        Path.home()
        / ".m2/repository"
        / group.replace(".", "/")
        / artifact
        / version
        / f"{artifact}-{version}.jar"
    )
    if not jar.exists():
        _download(coordinate)
    return jar


def _download(coordinate: str) -> None:
    command = ["mvn", "-q", "dependency:get", "-Dtransitive=false", f"-Dartifact={coordinate}"]
    try:
        subprocess.run(command, check=True)
    except FileNotFoundError:
        raise RuntimeError(f"cannot fetch {coordinate}: install Maven (mvn) first") from None
    except subprocess.CalledProcessError as exc:
        raise RuntimeError(f"Maven could not fetch {coordinate}: {exc}") from exc

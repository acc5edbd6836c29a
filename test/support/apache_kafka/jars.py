"""Fetch and keep the jars of one Apache Kafka version.

Job: turn a version into a directory of jars, taken from Maven Central by Maven itself, once per
machine.  The cache lives outside the source tree (``$KAFKA_TEST_CACHE``, else
``~/.cache/kafka-python-tests``), about 45 MB a version.
Limits: starts nothing but Maven.
"""

from __future__ import annotations

import fcntl
import functools
import os
import re
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

NEWEST = "4.4.0"
LADDER = (
    "0.8.0", "0.8.1.1", "0.8.2.2", "0.9.0.1", "0.10.2.2", "0.11.0.3", "1.1.1", "2.8.2", "3.9.2",
    "4.3.1", NEWEST,
)  # fmt: skip
#: What runs without ``--all-releases``: one release of each age of the protocol.
SHORT_LADDER = ("0.8.0", "0.9.0.1", "0.11.0.3", "2.8.2", NEWEST)

#: The console tools of 4.4.0 are not on Maven Central and older ones do not run on its jars, so
#: every broker the 4.x clients can talk to is served by this complete class path.
TOOLS_VERSION = "4.3.1"

#: Brokers since 4.0 need it (KIP-1013); everything older runs on it too.
JAVA_RELEASE = 17

_EXCLUDED = (
    # 4.4.0 asks for a release of it that was never published; brokers run without.
    ("org.apache.kafka", "kafka-tools-api"),
    # One log binding is enough; each version's is named below.
    ("org.slf4j", "slf4j-log4j12"),
    ("org.slf4j", "slf4j-reload4j"),
    ("org.apache.logging.log4j", "log4j-slf4j-impl"),
    ("org.apache.logging.log4j", "log4j-slf4j2-impl"),
)
_MAVEN_TIMEOUT = 300.0


class ToolchainError(Exception):
    """Java or Maven is missing, too old, or could not fetch the jars."""


class Artifact(NamedTuple):
    """One Maven dependency."""

    group: str
    name: str
    version: str


def version_tuple(version: str) -> tuple[int, ...]:
    """Return *version* as numbers, so that 0.10 sorts above 0.9."""
    return tuple(int(part) for part in version.split("."))


def cache_root() -> Path:
    """Return the directory that holds every version's jars."""
    configured = os.environ.get("KAFKA_TEST_CACHE")
    return Path(configured) if configured else Path.home() / ".cache" / "kafka-python-tests"


@functools.cache
def missing_toolchain() -> str | None:
    """Return one line saying what to install before a broker can run, or None if all is there."""
    wanted = [name for name in ("java", "mvn") if shutil.which(name) is None]
    if wanted:
        return (
            f"Apache Kafka cannot be started: {' and '.join(wanted)} not found on PATH; install "
            f"a Java {JAVA_RELEASE} development kit and Maven "
            "(Debian: apt-get install openjdk-17-jdk-headless maven)"
        )
    release = _java_release()
    if release < JAVA_RELEASE:
        return f"Apache Kafka cannot be started: Java {release} found, {JAVA_RELEASE} needed"
    return None


def _java_release() -> int:
    shown = subprocess.run(
        ["java", "-version"], check=False, capture_output=True, text=True, timeout=60
    )
    match = re.search(r'version "(\d+)', shown.stderr)
    return int(match.group(1)) if match else 0


def broker_jars(version: str) -> Path:
    """Return the directory of jars that run a broker of *version*, fetching it if need be."""
    return _prepare(version, _broker_artifacts(version))


def tools_jars() -> Path:
    """Return the directory of jars that run the console tools, fetching it if need be."""
    artifacts = [
        *_broker_artifacts(TOOLS_VERSION),
        Artifact("org.apache.kafka", "kafka-tools", TOOLS_VERSION),
        Artifact("org.apache.kafka", "kafka-tools-api", TOOLS_VERSION),
    ]
    return _prepare(f"{TOOLS_VERSION}-tools", artifacts)


def _broker_artifacts(version: str) -> list[Artifact]:
    number = version_tuple(version)
    kafka = Artifact("org.apache.kafka", f"kafka_{_scala(number)}", version)
    if number >= (2, 0):
        return [kafka, Artifact("org.slf4j", "slf4j-simple", "1.7.36")]
    return [
        kafka,
        Artifact("log4j", "log4j", "1.2.17"),
        Artifact("org.slf4j", "slf4j-log4j12", "1.7.36"),
        # Java 11 dropped the class that 0.10.2 and 0.11 use for base64.
        Artifact("javax.xml.bind", "jaxb-api", "2.3.1"),
    ]


def _scala(number: tuple[int, ...]) -> str:
    """Return the Scala release with builds for every patch release of this Kafka line."""
    if number >= (2, 4):
        return "2.13"
    if number >= (0, 10, 1):
        return "2.12"
    return "2.11" if number >= (0, 8, 2) else "2.10"


def _prepare(key: str, artifacts: Sequence[Artifact]) -> Path:
    """Return ``<cache>/<key>/libs``; a directory of that name is always complete."""
    root = cache_root()
    libs = root / key / "libs"
    if libs.is_dir():
        return libs
    root.mkdir(parents=True, exist_ok=True)
    with _locked(root / f"{key}.lock"):
        if not libs.is_dir():
            _fetch(root, key, artifacts)
    return libs


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold *path* against other processes; the kernel lets go if this one dies."""
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _fetch(root: Path, key: str, artifacts: Sequence[Artifact]) -> None:
    """Let Maven copy *artifacts* and what they need, and publish the result by one rename."""
    with tempfile.TemporaryDirectory(dir=root, prefix=f".{key}-") as scratch:
        work = Path(scratch) / key
        work.mkdir()
        (work / "pom.xml").write_text(_pom(artifacts))
        command = ["mvn", "-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=libs"]
        done = subprocess.run(
            command, check=False, cwd=work, capture_output=True, text=True, timeout=_MAVEN_TIMEOUT
        )
        if done.returncode != 0 or not any((work / "libs").glob("kafka_*.jar")):
            raise ToolchainError(
                f"Maven could not fetch {', '.join(':'.join(item) for item in artifacts)} "
                f"(exit code {done.returncode}):\n{done.stdout[-4000:]}{done.stderr[-4000:]}"
            )
        work.rename(root / key)


def _pom(artifacts: Sequence[Artifact]) -> str:
    named = {(item.group, item.name) for item in artifacts}
    exclusions = "".join(
        f"<exclusion><groupId>{group}</groupId><artifactId>{name}</artifactId></exclusion>"
        for group, name in _EXCLUDED
        if (group, name) not in named
    )
    dependencies = "".join(
        f"<dependency><groupId>{item.group}</groupId><artifactId>{item.name}</artifactId>"
        f"<version>{item.version}</version><exclusions>{exclusions}</exclusions></dependency>\n"
        for item in artifacts
    )
    return (
        '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>\n'
        "<groupId>test</groupId><artifactId>broker-jars</artifactId><version>1</version>\n"
        f"<dependencies>\n{dependencies}</dependencies></project>\n"
    )

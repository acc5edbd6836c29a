"""kafka-python 3.0.12 itself: its public tests of its admin client with this one, and its results.

The tests are taken from its released source distribution, through pip, and are not part of this
project; they run unmodified.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import pytest

from kafka.testing import EmbeddedCluster
from test.compat import admin_calls
from test.compat.test_admin_results import CONFIG, EXPECTED
from test.foreign.released import Released
from test.support.apache_kafka import NEWEST, KafkaCluster
from test.support.apache_kafka.jars import cache_root

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]
VERSION = "3.0.12"
SUITE = "test/integration/test_admin_integration.py"
FIXTURES = ROOT / "test/support/released_conftest.py"
#: They use attributes with an underscore, which are nobody's to use.
PRIVATE = [
    "test_describe_configs_broker_resource_returns_configs",
    "test_describe_configs_mixed_resources_returns_configs",
    "test_describe_log_dirs",
    "test_alter_partition_reassignments",
]
PUBLIC = 18


def released_suite() -> str:
    """Return the file with the tests, fetched once per machine."""
    root = cache_root()
    root.mkdir(parents=True, exist_ok=True)
    name = f"kafka-python-{VERSION}-suite"
    kept = root / f"{name}.py"
    with (root / f"{name}.lock").open("w") as lock, tempfile.TemporaryDirectory() as scratch:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps"]
            command += ["--no-binary", ":all:", "-d", scratch, f"kafka-python=={VERSION}"]
            subprocess.run(command, check=True, timeout=300)
            (archive,) = Path(scratch).glob("*.tar.gz")
            with tarfile.open(archive) as opened:
                found = opened.extractfile(f"{archive.name.removesuffix('.tar.gz')}/{SUITE}")
                assert found is not None
                kept.write_bytes(found.read())
    return kept.read_text()


def test_kafka_pythons_own_tests_of_its_admin_client_pass(tmp_path: Path) -> None:
    package = tmp_path / "test" / "integration"
    package.mkdir(parents=True)
    for directory in (package.parent, package):
        (directory / "__init__.py").touch()
    for name in (
        "test/testutil.py",
        "test/integration/fixtures.py",
        "test/integration/conftest.py",
    ):
        shutil.copy(FIXTURES, tmp_path / name)
    (tmp_path / SUITE).write_text(released_suite())
    authorizer = "org.apache.kafka.metadata.authorizer.StandardAuthorizer"
    properties = {"authorizer.class.name": authorizer, "super.users": "User:ANONYMOUS"}
    with KafkaCluster(properties=properties, first_node=0) as cluster:
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", SUITE]
        for name in PRIVATE:
            command += ["--deselect", f"{SUITE}::{name}"]
        servers = cluster.bootstrap_servers[0]
        where = {"PYTHONPATH": str(ROOT), "KAFKA_VERSION": NEWEST, "KAFKA_SERVERS": servers}
        done = subprocess.run(
            command,
            cwd=tmp_path,
            env={**os.environ, **where},
            check=False,
            capture_output=True,
            text=True,
            timeout=600,
        )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert f"{PUBLIC} passed" in done.stdout


def test_the_results_that_are_compared_are_those_of_the_released_client(tmp_path: Path) -> None:
    output = tmp_path / "results.json"
    with EmbeddedCluster(3, config=CONFIG) as cluster:
        servers = ",".join(cluster.bootstrap_servers)
        words = [admin_calls.__file__, servers]
        with Released.installed().start(words, output) as process:
            assert process.wait(120) == 0
    assert json.loads(output.read_text()) == EXPECTED

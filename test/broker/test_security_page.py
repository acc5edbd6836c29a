"""The page on security: every program of it works as it stands."""

from __future__ import annotations

import os
import re
import ssl
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import pytest

import kafka
from test.support.pki import PASSWORD, Pki
from test.support.refusals import REFUSALS
from test.support.secured_cluster import SecuredCluster

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/security.rst").read_text(encoding="utf-8")
#: The password of the key and the place of the other one, as the page has them.
KEY_PASSWORD = "swordfish"
SECRET_FILE = "/run/secrets/kafka"
PORTS = {"localhost:9093": "TLS", "localhost:9094": "MTLS", "localhost:9095": "SASLTLS"}


def blocks(kind: str) -> list[str]:
    found = re.findall(rf"\.\. code-block:: {kind}\n\n((?:   .*\n|\n)+)", PAGE)
    return [textwrap.dedent(block).rstrip() + "\n" for block in found]


class Program(NamedTuple):
    """A program of the page.

    Attributes:
        words: what tells it from the others.
        output: what it prints.
    """

    words: str
    output: str = ""


READ = "b'first'\n"
PROGRAMS = [
    Program('ssl_cafile="ca.pem",\n)'),
    Program("ssl_password=", READ),
    Program('os.environ["KAFKA_KEY"]'),
    Program("ssl_context=context"),
    Program('sasl_plain_password="wonder-42-land",\n)\nproducer.send'),
    Program("sasl_plain_password=password"),
    Program("SCRAM-SHA-512", READ),
    Program('return {"logicalCluster"'),
    Program("async def token"),
    Program("register_sasl_mechanism"),
    Program("CertificateAuthority"),
]
SOURCES = blocks("python")


def source(number: int, cluster: SecuredCluster, directory: Path) -> str:
    """Return a program of the page with the addresses and files of the test."""
    text = SOURCES[number]
    for port, listener in PORTS.items():
        text = text.replace(port, cluster.address(listener))
    return text.replace(SECRET_FILE, str(directory / "secret"))


def write_files(pki: Pki, directory: Path) -> None:
    """Write the files that the programs of the page read."""
    (directory / "ca.pem").write_text(pki.authority.pem)
    (directory / "secret").write_text(f"{PASSWORD}\n")
    pki.authority.issue("careful", hosts=[]).write(directory, "client", KEY_PASSWORD)


def variables(pki: Pki) -> dict[str, str]:
    certificate, key = (Path(path).read_text() for path in pki.client)
    told = {"KAFKA_CA": pki.authority.pem, "KAFKA_CERTIFICATE": certificate, "KAFKA_KEY": key}
    return {**os.environ, **told, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}


@pytest.fixture(scope="module")
def running(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[list[tuple[SecuredCluster, subprocess.Popen[str]]]]:
    """Run all programs at once: each of them waits most of the time."""
    with ExitStack() as stack:
        found = []
        for number in range(len(SOURCES)):
            cluster = stack.enter_context(SecuredCluster(*PORTS.values(), topics={"orders": 1}))
            cluster.cluster.append("orders", b"first")
            directory = tmp_path_factory.mktemp("program")
            write_files(cluster.pki, directory)
            process = subprocess.Popen(
                [sys.executable, "-c", source(number, cluster, directory)],
                cwd=directory,
                env=variables(cluster.pki),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            stack.callback(process.wait)
            stack.callback(process.kill)
            found.append((cluster, process))
        yield found


@pytest.mark.parametrize("number", range(len(PROGRAMS)))
def test_a_program_does_what_the_page_says(
    running: list[tuple[SecuredCluster, subprocess.Popen[str]]], number: int
) -> None:
    program, (cluster, process) = PROGRAMS[number], running[number]
    assert program.words in SOURCES[number]
    output, errors = process.communicate(timeout=60)
    assert (process.returncode, output, errors) == (0, program.output, "")
    records = [record.value for record in cluster.cluster.records("orders")]
    wrote = "KafkaProducer" in SOURCES[number] and "EmbeddedCluster" not in SOURCES[number]
    assert records == ([b"first", b"hello"] if wrote else [b"first"])


def test_each_program_of_the_page_has_an_outcome() -> None:
    assert len(SOURCES) == len(PROGRAMS)


def test_what_the_page_explains_is_what_clients_say() -> None:
    table = PAGE[PAGE.index("   * - Message\n") :]
    cells = re.findall(r"^   \* - (.+)\n", table, re.MULTILINE)
    phrases = [phrase for cell in cells for phrase in re.findall("``([^`]+)``", cell)]
    # What OpenSSL and brokers say is in the refusals, which clients are seen to say.
    said = [word for refusal in REFUSALS for word in refusal.words]
    net = Path(kafka.__file__).parent / "net"
    source = "".join(path.read_text(encoding="utf-8") for path in net.rglob("*.py"))
    text = re.sub(r'"\s+f?"', "", source) + "\n".join(said)
    assert len(phrases) > 20
    assert [phrase for phrase in phrases if phrase not in text] == []


def test_what_openssl_makes_is_good_for_a_broker_of_this_machine(tmp_path: Path) -> None:
    _, script = blocks("shell")
    subprocess.run(["sh", "-e", "-c", script], cwd=tmp_path, check=True, capture_output=True)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(tmp_path / "keystore.pem")
    client = ssl.create_default_context(cafile=tmp_path / "ca.pem")
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    near = client.wrap_bio(to_client, to_server, server_hostname="127.0.0.1")
    far = server.wrap_bio(to_server, to_client, server_side=True)
    # The client speaks first and last; it checks the certificate in its second step.
    for side in (near, far):
        with pytest.raises(ssl.SSLWantReadError):
            side.do_handshake()
    near.do_handshake()
    far.do_handshake()


def test_the_cluster_of_the_shell_says_where_its_authority_is() -> None:
    command, _ = blocks("shell")
    words = command.replace("9095", "0").split()[1:]
    with subprocess.Popen(
        [sys.executable, *words],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            names = [process.stdout.readline().partition("=")[0] for _ in range(2)]
        finally:
            process.terminate()
    assert names == ["ssl_cafile", "bootstrap_servers"]

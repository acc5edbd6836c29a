"""Files and text of the TLS options: how they are read, and that they are not shown."""

from __future__ import annotations

import os
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from kafka.config import SecurityConfig
from kafka.errors import KafkaConfigurationError
from kafka.net.tls import Tls, prepare_tls
from kafka.testing.broker.security.certificates import CertificateAuthority, CertificateFiles

KEY = ec.generate_private_key(ec.SECP256R1())
KEY_TEXT = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
).decode()
KEY_BODY = KEY_TEXT.splitlines()[1]
KEY_DER = KEY.private_bytes(
    serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
)


@pytest.fixture(scope="module")
def authority() -> Iterator[CertificateAuthority]:
    with CertificateAuthority() as made:
        yield made


@pytest.fixture(scope="module")
def client(authority: CertificateAuthority) -> CertificateFiles:
    return authority.issue("client")


def tls(**options: Any) -> Tls:  # Any: each option has a type of its own
    return prepare_tls(SecurityConfig(security_protocol="SSL", **options))


@pytest.mark.skipif(not Path("/dev/fd").is_dir(), reason="needs paths of open files")
def test_files_may_be_pipes_which_can_be_read_once(
    authority: CertificateAuthority, client: CertificateFiles
) -> None:
    def pipe(path: str) -> str:
        reading, writing = os.pipe()
        os.write(writing, Path(path).read_bytes())  # less than a pipe holds
        os.close(writing)
        return f"/dev/fd/{reading}"

    options = {
        "ssl_cafile": pipe(authority.file),
        "ssl_certfile": pipe(client.certificate),
        "ssl_keyfile": pipe(client.key),
    }
    try:
        mine = tls(**options)
    finally:
        for path in options.values():
            os.close(int(path.rpartition("/")[2]))
    assert mine.context.cert_store_stats()["x509"] == 1


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="counts open files")
def test_no_text_stays_behind_as_a_file(
    client: CertificateFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_files = Path("/proc/self/fd")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    for memory in (True, False):
        if not memory:
            monkeypatch.delattr(os, "memfd_create", raising=False)
        before = len(list(open_files.iterdir()))
        tls(
            ssl_certfile=Path(client.certificate).read_text(),
            ssl_keyfile=Path(client.key).read_text(),
        )
        tls(ssl_certfile=client.certificate, ssl_keyfile=client.key)
        assert len(list(open_files.iterdir())) == before
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "text",
    [
        f"Bag Attributes\n  friendlyName: client\nKey Attributes: <No Attributes>\n{KEY_TEXT}",
        f"\ufeff{KEY_TEXT}",
        f"'{KEY_TEXT}'",
        KEY_TEXT.partition("\n")[2],
        f'"{"".join(KEY_TEXT.splitlines()[1:-1])}"',
        "".join(KEY_TEXT.splitlines()[1:-1]),
        f"key: {KEY_BODY}" + "a" * 300,
        f"key:\n{KEY_BODY}",
        KEY_DER,
    ],
    ids=[
        "attributes",
        "byte-order-mark",
        "quotes",
        "lines-of-base64",
        "base64-in-quotes",
        "base64",
        "long-text",
        "lines",
        "der",
    ],
)
@pytest.mark.parametrize("option", ["ssl_keyfile", "ssl_certfile", "ssl_cafile", "ssl_crlfile"])
def test_text_of_a_key_is_never_shown_as_a_path(
    option: str, text: str | bytes, client: CertificateFiles
) -> None:
    pair = {"ssl_certfile": client.certificate} if option == "ssl_keyfile" else {}
    with pytest.raises(KafkaConfigurationError, match=rf"{option} \(") as caught:
        tls(**pair, **{option: text})
    config = SecurityConfig(security_protocol="SSL", **{"ssl_certfile": "own.pem", option: text})
    shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    frames = [str(f.locals) for f in shown.stack if f"{os.sep}kafka{os.sep}" in f.filename]
    for seen in (str(caught.value), repr(config), *frames):
        assert KEY_BODY not in seen
        assert repr(KEY_DER)[2:40] not in seen


def test_text_before_the_first_line_of_pem_does_no_harm(client: CertificateFiles) -> None:
    before = "Bag Attributes\n    friendlyName: client\n"
    certificate, key = Path(client.certificate).read_text(), Path(client.key).read_text()
    tls(ssl_certfile=before + certificate, ssl_keyfile=before + key)


def test_text_that_is_neither_a_path_nor_pem_is_told_how_it_should_be(
    client: CertificateFiles,
) -> None:
    with pytest.raises(KafkaConfigurationError) as caught:
        tls(ssl_certfile=client.certificate, ssl_keyfile=KEY_TEXT.partition("\n")[2])
    assert "bytes that are no path): holds no private key in PEM form; give the path" in str(
        caught.value
    )

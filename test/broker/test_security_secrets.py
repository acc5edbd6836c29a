"""Passwords, tokens and keys are seen nowhere: logs, objects, errors, files."""

from __future__ import annotations

import asyncio
import base64
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.aio import AsyncKafkaAdminClient, AsyncKafkaConsumer, AsyncKafkaProducer
from kafka.errors import KafkaError
from kafka.protocol.messages.sasl_authenticate import SaslAuthenticateRequest
from kafka.testing import EmbeddedCluster, Listener
from test.support.leaks import Leaks, LogTexts, reachable
from test.support.pki import KEY_PASSWORD, LISTENERS, MECHANISMS, PASSWORD, USER
from test.support.refusals import SASL, Refusal
from test.support.secured_clients import CLIENTS
from test.support.secured_cluster import SecuredCluster
from test.support.security_options import Options, Provider, sasl
from test.support.ways import WAYS, of_mechanism
from test.support.wrong_options import WRONG_OPTIONS, WrongOption

Looking = Callable[[object], None]

#: Every mechanism, and every form of a key.
SECRET_WAYS = [f"sasl-{mechanism}" for mechanism in MECHANISMS]
SECRET_WAYS += ["sasl-tls-PLAIN", "mtls", "mtls-text", "mtls-encrypted"]
REFUSED = [refusal for refusal in SASL if not LISTENERS[refusal.listener].signed]


@pytest.fixture(scope="module")
def cluster() -> Iterator[SecuredCluster]:
    with SecuredCluster(topics={"t": 1}) as running:
        yield running


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def secrets_of(options: Options) -> list[str]:
    """Return what must not be seen of *options*, and of what a broker could echo."""
    found = [PASSWORD, KEY_PASSWORD]
    password = options.get("sasl_plain_password")
    found += [password] if isinstance(password, str) else []
    password = options.get("ssl_password")
    found += [password] if isinstance(password, str) else []
    provider = options.get("sasl_oauth_token_provider")
    if isinstance(provider, Provider) and isinstance(token := provider.given, str):
        found.append(token)
    for name in ("ssl_keyfile", "ssl_certfile"):
        text = options.get(name) or ""
        if not text.startswith("-----") and Path(text).is_file():
            text = Path(text).read_text()
        if "PRIVATE KEY-----" in text:
            # The first line of what is between the marks.
            found.append(text.partition("PRIVATE KEY-----\n")[2].splitlines()[0])
    return found


def use_producer(options: Options, look: Looking) -> None:
    with KafkaProducer(**options) as producer:
        producer.send("t", b"v").get(60)
        look(producer)
    look(producer)


def use_consumer(options: Options, look: Looking) -> None:
    with KafkaConsumer(**options) as consumer:
        assert consumer.topics()
        look(consumer)
    look(consumer)


def use_async_producer(options: Options, look: Looking) -> None:
    async def use() -> None:
        async with AsyncKafkaProducer(**options) as producer:
            await (await producer.send("t", b"v"))
            look(producer)
        look(producer)

    asyncio.run(use())


def use_async_consumer(options: Options, look: Looking) -> None:
    async def use() -> None:
        async with AsyncKafkaConsumer(**options) as consumer:
            assert await consumer.topics()
            look(consumer)
        look(consumer)

    asyncio.run(use())


def use_admin(options: Options, look: Looking) -> None:
    with KafkaAdminClient(**options) as admin:
        assert admin.list_topics()
        look(admin)
    look(admin)


def use_async_admin(options: Options, look: Looking) -> None:
    async def use() -> None:
        async with AsyncKafkaAdminClient(**options) as admin:
            assert await admin.list_topics()
            look(admin)
        look(admin)

    asyncio.run(use())


USES = [
    use_producer,
    use_consumer,
    use_async_producer,
    use_async_consumer,
    use_admin,
    use_async_admin,
]


@pytest.mark.parametrize("use", USES, ids=lambda use: use.__name__[4:])
@pytest.mark.parametrize("name", SECRET_WAYS)
def test_nothing_is_seen_of_the_secrets_of_a_client_that_gets_in(
    cluster: SecuredCluster, temporary: Path, name: str, use: Callable[[Options, Looking], None]
) -> None:
    way = WAYS[name]
    options = {**way.options(cluster.pki), "bootstrap_servers": cluster.address(way.listener)}
    leaks = Leaks(secrets_of(options))

    def look(client: object) -> None:
        leaks.look_at_objects(client, name)
        leaks.look_into(temporary, name)

    with LogTexts() as log, warnings.catch_warnings(record=True) as warned:
        use(options, look)
    finish(leaks, log, warned, temporary)


def finish(
    leaks: Leaks, log: LogTexts, warned: list[warnings.WarningMessage], temporary: Path
) -> None:
    for text in [*log.texts, *(str(warning.message) for warning in warned)]:
        leaks.look_at(text, "a log")
    leaks.look_into(temporary, "at the end")
    assert log.texts
    assert leaks.found == []


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("refusal", REFUSED, ids=lambda refusal: refusal.name)
def test_nothing_is_seen_of_the_secrets_of_a_client_that_is_refused(
    cluster: SecuredCluster, temporary: Path, refusal: Refusal, client: str
) -> None:
    address = cluster.address(refusal.listener)
    options = {**refusal.options(cluster.pki), "bootstrap_servers": address}
    leaks = Leaks(secrets_of(options))
    with LogTexts() as log, warnings.catch_warnings(record=True) as warned:
        with pytest.raises(KafkaError) as caught:
            CLIENTS[client].use(options)
        leaks.look_at_error(caught.value, refusal.name)
    finish(leaks, log, warned, temporary)


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("wrong", WRONG_OPTIONS, ids=lambda wrong: wrong.name)
def test_nothing_is_seen_of_secrets_beside_an_option_that_is_wrong(
    cluster: SecuredCluster, temporary: Path, wrong: WrongOption, client: str
) -> None:
    options = wrong.options(cluster.pki)
    leaks = Leaks(secrets_of(options))
    with warnings.catch_warnings(record=True) as warned:
        with pytest.raises(KafkaError) as caught:
            CLIENTS[client].construct(options)
        leaks.look_at_error(caught.value, wrong.name)
    for warning in warned:
        leaks.look_at(str(warning.message), "a warning")
    assert leaks.found == []


@pytest.mark.parametrize("mechanism", MECHANISMS)
async def test_no_log_shows_secrets_while_sessions_are_renewed(mechanism: str) -> None:
    """Client and cluster share the loop here, so objects lead from one to the other."""
    options = of_mechanism(mechanism)
    leaks = Leaks(secrets_of(options))
    with LogTexts() as log:
        async with EmbeddedCluster(
            topics={"t": 1},
            listeners=[Listener("SASL", mechanisms=MECHANISMS)],
            users={USER: PASSWORD},
            config={"connections.max.reauth.ms": "3000"},
        ) as cluster:
            options["bootstrap_servers"] = cluster.bootstrap_servers
            async with AsyncKafkaProducer(**options) as producer:
                for _ in range(10):
                    await asyncio.sleep(1)
                    await (await producer.send("t", b"v"))
            seen = cluster.requests(SaslAuthenticateRequest)
    assert len(seen) > 4  # bootstrap, broker, and renewals
    for text in log.texts:
        leaks.look_at(text, "a log")
    assert leaks.found == []


def test_the_search_comes_to_connections_and_to_what_is_hidden(cluster: SecuredCluster) -> None:
    found: set[str] = set()
    options = {**sasl("PLAIN"), "bootstrap_servers": cluster.address("SASL")}
    use_producer(
        options, lambda client: found.update(type(item).__name__ for item in reachable(client))
    )
    assert {"Connection", "FrameStream", "Secret", "ProducerConfig"} <= found


@pytest.mark.parametrize("secret", ["hunter2-is-long", "pässword\\n", "eyJhbGciOiJub25lIn0.x.y"])
def test_a_secret_is_found_in_each_of_its_forms(secret: str) -> None:
    leaks = Leaks([secret])
    data = secret.encode()
    texts = [secret, repr(secret), repr(data), data.hex(), data.hex().upper()]
    for before in range(3):
        whole = b"xyz"[:before] + data + b"behind"
        texts += [base64.b64encode(whole).decode(), base64.urlsafe_b64encode(whole).decode()]
    for text in texts:
        leaks.found.clear()
        leaks.look_at(f"... {text} ...", "here")
        assert leaks.found, text

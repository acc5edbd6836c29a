"""What each client says when TLS, SASL or an option is wrong: the cause, the place, at once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from test.support.attempts import Attempts, check
from test.support.counting_proxy import CountingProxy
from test.support.pki import LISTENERS, Pki
from test.support.refusals import REFUSALS, Refusal
from test.support.secured_clients import CLIENTS
from test.support.secured_cluster import SecuredCluster
from test.support.wrong_options import WRONG, WRONG_OPTIONS, WrongOption

# The embedded cluster checks no signatures, and asyncio's TLS does not say why it refuses.
SHOWN = [
    refusal.on_embedded()
    for refusal in REFUSALS
    if not LISTENERS[refusal.listener].signed and not refusal.only_kafka
]

each_client = pytest.mark.parametrize("client", CLIENTS)


@pytest.fixture(scope="module")
def attempts(request: pytest.FixtureRequest) -> Iterator[Attempts]:
    """Run those that were chosen, all at once."""
    chosen = [
        (item.callspec.params["refusal"], item.callspec.params["client"])
        for item in request.session.items
        if isinstance(item, pytest.Function) and item.originalname == REFUSED.__name__
    ]
    with SecuredCluster(topics={"t": 1}) as cluster:
        found = Attempts(cluster, chosen)
        yield found
        found.close()


@each_client
@pytest.mark.parametrize("refusal", SHOWN, ids=lambda refusal: refusal.name)
def test_a_client_that_is_refused_says_why_and_where(
    attempts: Attempts, refusal: Refusal, client: str
) -> None:
    check(refusal, attempts.outcome(refusal, client))


REFUSED = test_a_client_that_is_refused_says_why_and_where


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return Pki(tmp_path_factory.mktemp("pki"))


@each_client
@pytest.mark.parametrize("wrong", WRONG_OPTIONS, ids=lambda wrong: wrong.name)
def test_options_that_are_wrong_are_refused_before_anything_is_connected(
    pki: Pki, wrong: WrongOption, client: str
) -> None:
    # Nobody is behind it, and nobody is to come.
    with CountingProxy("127.0.0.1:1") as proxy:
        options = {**wrong.options(pki), "bootstrap_servers": proxy.address}
        with pytest.raises(WRONG) as caught:
            CLIENTS[client].construct(options)
    text = str(caught.value)
    assert not [word for word in wrong.words if word.lower() not in text.lower()], text
    assert proxy.attempts == 0

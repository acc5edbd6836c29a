"""Whom a client certificate names."""

from __future__ import annotations

import pytest

from kafka.testing.broker.admission import certificate_principal
from kafka.testing.broker.authorizer import Principal


@pytest.mark.parametrize(
    ("subject", "name"),
    [
        (((("commonName", "alice"),),), "CN=alice"),
        (
            (
                (("countryName", "DE"),),
                (("organizationName", "Acme"),),
                (("commonName", "alice"),),
            ),
            "CN=alice,O=Acme,C=DE",
        ),
        (((("commonName", "a"), ("userId", "b")),), "CN=a+UID=b"),
        (((("commonName", 'Acme, "Inc"; <a+b>\\'),),), r"CN=Acme\, \"Inc\"\; \<a\+b\>\\"),
        (((("commonName", "#alice "),),), r"CN=\#alice\ "),
        (((("pseudonym", "al"),),), "pseudonym=al"),
    ],
)
def test_the_subject_is_written_as_rfc_2253_has_it(subject: object, name: str) -> None:
    assert certificate_principal({"subject": subject}) == Principal("User", name)


@pytest.mark.parametrize("certificate", [None, {}, {"subject": ()}])
def test_no_certificate_names_nobody(certificate: object) -> None:
    assert certificate_principal(certificate) is None

"""Addresses that no model's URI may lead to, in every way of writing them."""

from __future__ import annotations

import pytest

from seldon_infra.artifacts.addresses import why_not
from seldon_infra.artifacts.spec import HttpStorage
from seldon_infra.graph.check import check
from tests.unit.graph.check.build import NODE, of_node


@pytest.mark.parametrize(
    ("uri", "why"),
    [
        ("http://169.254.169.254/latest/meta-data/iam", "metadata service"),
        ("http://2852039166/latest", "metadata service"),
        ("http://0xa9fea9fe/latest", "metadata service"),
        ("http://0251.0376.0251.0376/latest", "metadata service"),
        ("http://[::ffff:169.254.169.254]/latest", "metadata service"),
        ("http://[fd00:ec2::254]/latest", "metadata service"),
        ("http://metadata.google.internal/computeMetadata/v1/", "metadata service"),
        ("http://metadata.google.internal./computeMetadata/v1/", "metadata service"),
        ("http://100.100.100.200/latest", "metadata service"),
        ("http://127.0.0.1:8080/model", "this machine"),
        ("http://127.1/model", "this machine"),
        ("http://localhost/model", "this machine"),
        ("http://[::1]/model", "this machine"),
        ("https://10.1.2.3/model", "private network"),
        ("https://192.168.0.4/model", "private network"),
        ("https://me:secret@models.acme.io/model", "a password"),
    ],
)
def test_an_address_that_is_no_store_is_refused_with_what_it_is(uri: str, why: str) -> None:
    assert why in str(why_not(uri))


@pytest.mark.parametrize(
    "uri", ["https://models.acme.io/iris", "http://8.8.8.8/iris", "s3://10.0.0.1/iris", "models/iris"]
)
def test_a_store_of_the_public_network_is_none_of_these(uri: str) -> None:
    assert why_not(uri) is None


def test_a_private_address_that_a_storage_names_is_meant_and_a_metadata_service_never_is() -> None:
    assert why_not("http://10.1.2.3:9000/model", ["http://10.1.2.3:9000/"]) is None
    assert why_not("http://169.254.169.254/x", ["http://169.254.169.254/"]) is not None


def test_a_password_in_a_uri_is_not_repeated() -> None:
    (found,) = check(of_node(model_uri="https://me:not-to-be-seen@models.acme.io/iris?sig=not-to-be-seen"))
    assert "model_uri 'https://…@models.acme.io/iris' has a name or a password" in str(found)
    assert "not-to-be-seen" not in str(found)


def test_the_rule_names_node_uri_and_way_out() -> None:
    uri = "http://10.1.2.3/model"
    (found,) = check(of_node(model_uri=uri))
    assert str(found) == (
        f"{NODE}: model_uri '{uri}' is an address of a private network, must lead to a store of models; "
        "name the server by HttpStorage(url=…), or correct the URI"
    )
    assert not check(of_node(model_uri=uri).model_copy(update={"storage": (HttpStorage(url="http://10.1.2.3/"),)}))

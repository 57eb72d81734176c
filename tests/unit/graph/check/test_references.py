from __future__ import annotations

import pytest

from seldon_infra.graph.check import check
from seldon_infra.graph.spec import (
    ConfigMapKey,
    ContainerAmount,
    EnvVar,
    Explainer,
    PodField,
    SecretKey,
    SeldonDeployment,
    Ssl,
)
from seldon_infra.servers.spec import ImageBuild
from tests.unit.graph.check.build import NODE, PREDICTOR, Row, of_node, of_predictor, python

OBJECT = "must be the name of a Kubernetes object"
KEY = "must be a key: letters, digits, '-', '_' and '.'"
IMAGE = "must be an image's name in lower case, with a tag or a digest at most; write image='registry/name@sha256:…'"
NO_URI = "must be a path of the project or a URI; write model_uri='s3://bucket/model'"


def token(source: object) -> SeldonDeployment:
    return of_node(env=[EnvVar(name="TOKEN", value_from=source)])


def explained(**fields: object) -> SeldonDeployment:
    return of_predictor(explainer=Explainer(**{"type": "ALE", "model_uri": "s3://b/e", **fields}))


def built(image: str | None = None, **fields: str) -> SeldonDeployment:
    build = ImageBuild(**{"tag": "acme/score:1", "context": "build/score", **fields})
    return of_node(server=python(image=image, build=build), model_uri=None)


def image(name: str) -> SeldonDeployment:
    return of_node(server=python(image=name), model_uri=None)


def fetched(name: str) -> SeldonDeployment:
    return of_node(storage_initializer_image=name)


ROWS = {
    "a secret's name is one": Row(
        of_node(env_secret_ref_name="My Secret"),
        f"{NODE}: env_secret_ref_name 'My Secret', {OBJECT}; change env_secret_ref_name",
        of_node(env_secret_ref_name="my.secret"),
    ),
    "a service account's name is one": Row(
        of_node(service_account_name="reader_1", server=python(), model_uri=None),
        f"{NODE}: service_account_name 'reader_1', {OBJECT}; change service_account_name",
        of_node(service_account_name="reader-1", server=python(), model_uri=None),
    ),
    "an explainer's service account": Row(
        explained(service_account_name="X Y"),
        f"{PREDICTOR}: explainer.service_account_name 'X Y', {OBJECT}; change service_account_name",
        explained(service_account_name="x-y"),
    ),
    "a certificate's secret": Row(
        of_predictor(ssl=Ssl(cert_secret_name="")),
        f"{PREDICTOR}: ssl.cert_secret_name '', {OBJECT}; change cert_secret_name",
        of_predictor(ssl=Ssl(cert_secret_name="tls")),
    ),
    "a variable's secret": Row(
        token(SecretKey(secret="My_Secret", key="token")),
        f"{NODE}: env 'TOKEN' secret 'My_Secret', {OBJECT}; change secret",
        token(SecretKey(secret="my-secret", key="token")),
    ),
    "a secret's key": Row(
        token(SecretKey(secret="store", key="a b")),
        f"{NODE}: env 'TOKEN' key 'a b', {KEY}; change key",
        token(SecretKey(secret="store", key="a_b.c-d")),
    ),
    "a config map": Row(
        token(ConfigMapKey(config_map="X", key="a")),
        f"{NODE}: env 'TOKEN' config_map 'X', {OBJECT}; change config_map",
        token(ConfigMapKey(config_map="x", key="a")),
    ),
    "a config map's key": Row(
        token(ConfigMapKey(config_map="x", key="a/b")),
        f"{NODE}: env 'TOKEN' key 'a/b', {KEY}; change key",
        token(ConfigMapKey(config_map="x", key="a.b")),
    ),
    "a pod's field": Row(
        token(PodField(path="spec.nonsense")),
        f"{NODE}: env 'TOKEN' path 'spec.nonsense', must be a field that Kubernetes hands to containers; "
        "write path='metadata.name'",
        token(PodField(path="metadata.labels['app']")),
    ),
    "a container's amount": Row(
        token(ContainerAmount(resource="limits.foo")),
        f"{NODE}: env 'TOKEN' resource 'limits.foo', must be limits or requests of cpu, memory or ephemeral-storage; "
        "write resource='limits.memory'",
        token(ContainerAmount(resource="limits.ephemeral-storage")),
    ),
    "an amount's unit": Row(
        token(ContainerAmount(resource="limits.memory", divisor="abc")),
        f"{NODE}: env 'TOKEN' divisor 'abc', must be a quantity of Kubernetes; write divisor='1Mi'",
        token(ContainerAmount(resource="limits.memory", divisor="1Mi")),
    ),
    "a variable's value": Row(
        of_node(env=[EnvVar(name="A", value="b\0c")]),
        f"{NODE}: env 'A' has a value with a character that no environment holds, must be text; remove the character",
        of_node(env=[EnvVar(name="A", value="b\nc")]),
    ),
    "an image is a reference": Row(
        image("acme/score 1"),
        f"{NODE}: image 'acme/score 1', {IMAGE}",
        image("acme/score:1"),
    ),
    "an image's name is in lower case": Row(
        image("Acme/Score:1"),
        f"{NODE}: image 'Acme/Score:1', {IMAGE}",
        image("registry.acme.com:5000/team/score_2:1.0-rc1"),
    ),
    "an image has a name": Row(
        image("@sha256:" + "0a" * 32),
        f"{NODE}: image '@sha256:{'0a' * 32}', {IMAGE}",
        image("score@sha256:" + "0a" * 32),
    ),
    "a digest is whole": Row(
        image("acme/score@sha256:0a0a"),
        f"{NODE}: image 'acme/score@sha256:0a0a', must have a digest of 64 hexadecimal digits; "
        "copy the whole digest, sha256: and 64 hexadecimal digits",
        image("acme/score:1@sha256:" + "0a" * 32),
    ),
    "an image is named or built": Row(
        built(image="acme/score:1"),
        f"{NODE}: image and build are given, must be one of them; remove one",
        built(),
    ),
    "a built image has a name": Row(
        built(tag="Acme/Score"),
        f"{NODE}: build.tag 'Acme/Score', {IMAGE.replace('image=', 'tag=')}",
        built(),
    ),
    "a built image's digest is the builder's": Row(
        built(tag="acme/score:1@sha256:0a0a"),
        f"{NODE}: build.tag 'acme/score:1@sha256:0a0a', must have no digest: the build makes it; "
        "write tag='acme/score:1'",
        built(),
    ),
    "who pushes has a password": Row(
        built(username="ci"),
        f"{NODE}: build.username is given alone, must come with password; write password=secret(…)",
        built(username="ci", password="p"),
    ),
    "a model's digest is whole": Row(
        of_node(model_digest="sha256:0a0a"),
        f"{NODE}: model_digest 'sha256:0a0a', must be sha256: and 64 hexadecimal digits; "
        "copy the whole digest; run: seldon-infra digest MODEL_URI",
        of_node(model_digest="sha256:" + "0a" * 32),
    ),
    "the image that fetches": Row(
        fetched("a b"),
        f"{NODE}: storage_initializer_image 'a b', " + IMAGE.replace("image='", "storage_initializer_image='"),
        fetched("acme/fetch:1"),
    ),
    "the image that fetches an explainer": Row(
        explained(storage_initializer_image=""),
        f"{PREDICTOR}: explainer.storage_initializer_image '', "
        + IMAGE.replace("image='", "storage_initializer_image='"),
        explained(storage_initializer_image="fetch"),
    ),
    "no stray blanks": Row(
        of_node(model_uri="s3://bucket/score "),
        f"{NODE}: model_uri 's3://bucket/score ', must not begin or end with blanks; "
        "write model_uri='s3://bucket/score'",
        of_node(model_uri="s3://bucket/score"),
    ),
    "a store has a bucket": Row(
        of_node(model_uri="s3://"), f"{NODE}: model_uri 's3://', {NO_URI}", of_node(model_uri="s3://bucket")
    ),
    "a scheme is in lower case": Row(
        of_node(model_uri="S3://bucket/m"),
        f"{NODE}: model_uri 'S3://bucket/m', {NO_URI}",
        of_node(model_uri="minio:b/m"),
    ),
    "a drive is no store": Row(
        of_node(model_uri="c:\\models"), f"{NODE}: model_uri 'c:\\\\models', {NO_URI}", of_node(model_uri="models/c")
    ),
    "an explainer's model": Row(
        explained(model_uri="s3://"),
        f"{PREDICTOR}: explainer.model_uri 's3://', {NO_URI}",
        explained(model_uri="gs://bucket/e"),
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_rule_says_what_is_wrong_and_nothing_about_what_is_right(row: Row) -> None:
    assert [str(problem) for problem in check(row.wrong)] == [row.message]
    assert check(row.right) == []


@pytest.mark.parametrize(
    "path",
    ["metadata.name", "metadata.namespace", "metadata.uid", "status.podIP", "status.hostIPs", "spec.nodeName",
     "spec.serviceAccountName", "metadata.annotations['acme.com/a']"],
)  # fmt: skip
def test_every_field_that_kubernetes_hands_on_is_taken(path: str) -> None:
    assert check(token(PodField(path=path))) == []

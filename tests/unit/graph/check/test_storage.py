from __future__ import annotations

from typing import Any

import pytest

from seldon_infra.artifacts.spec import (
    AzureStorage,
    GcsStorage,
    HttpStorage,
    MlflowStorage,
    OciStorage,
    S3Storage,
    Storage,
)
from seldon_infra.graph.check import check, check_cluster
from seldon_infra.graph.spec import Explainer, SeldonDeployment
from tests.unit.core.later import Later
from tests.unit.graph.check.build import DEPLOYMENT, NODE, PREDICTOR, Row, deployment, model, predictor

OCI, MLFLOW = f"{DEPLOYMENT} → OciStorage", f"{DEPLOYMENT} → MlflowStorage"
IN_REGISTRY, VERSION = "oci://ghcr.io/acme/score:1", "models:/score/1"
S3, AZURE, GCS = f"{DEPLOYMENT} → S3Storage", f"{DEPLOYMENT} → AzureStorage", f"{DEPLOYMENT} → GcsStorage"
WEB = "https://models.acme.io/score"


def stored(*storage: Storage, uri: Any = "s3://bucket/score", **fields: Any) -> SeldonDeployment:
    return deployment(predictor(graph=model(model_uri=uri, **fields)), storage=storage)


def keyed(**fields: Any) -> S3Storage:
    return S3Storage(access_key_id="AKIA", **{"secret_access_key": "s", **fields})


ROWS = {
    "a scheme is part of a variable's name": Row(
        stored(S3Storage(scheme="my-s3"), uri="my-s3://b/m"),
        f"{S3}: scheme 'my-s3', must be lower-case letters and digits; write scheme='models'",
        stored(S3Storage(scheme="mys3"), uri="mys3://b/m"),
    ),
    "a scheme is one storage's": Row(
        stored(S3Storage(), keyed()),
        f"{DEPLOYMENT}: scheme 's3' is used by two storages, must be one storage's; "
        "give one of them another scheme, and its URIs too",
        stored(S3Storage()),
    ),
    "a web server's url": Row(
        stored(HttpStorage(url="https://me:secret@models.acme.io/"), uri="https://me:secret@models.acme.io/score"),
        f"{DEPLOYMENT} → HttpStorage: url 'https://me:secret@models.acme.io/', must be http:// or https:// with a "
        "server, and no password in it; write url='https://HOST/', and a password as a header",
        stored(HttpStorage(url="https://models.acme.io/"), uri=WEB),
    ),
    "a registry's url": Row(
        stored(MlflowStorage(tracking_uri="mlflow.acme.io"), uri=VERSION),
        f"{MLFLOW}: tracking_uri 'mlflow.acme.io', must be http:// or https:// with a server, and no password in it; "
        "write tracking_uri='https://HOST/', and a password by itself",
        stored(MlflowStorage(tracking_uri="https://mlflow.acme.io"), uri=VERSION),
    ),
    "a name without its password": Row(
        stored(OciStorage(registry="ghcr.io/acme", username="me"), uri=IN_REGISTRY),
        f"{OCI}: username is given alone, must come with password; write password=secret(…)",
        stored(OciStorage(registry="ghcr.io/acme", username="me", password="p"), uri=IN_REGISTRY),
    ),
    "a token and a name": Row(
        stored(MlflowStorage(tracking_uri="https://m.io", token="t", username="a", password="b"), uri=VERSION),
        f"{MLFLOW}: token and username are given, must be one of them; remove one",
        stored(MlflowStorage(tracking_uri="https://m.io", token="t"), uri=VERSION),
    ),
    "another registry": Row(
        stored(OciStorage(registry="ghcr.io/acme"), uri="oci://ghcr.io/acme-else/score:1"),
        f"{NODE}: model_uri 'oci://ghcr.io/acme-else/score:1', must begin with the storage's registry "
        "'oci://ghcr.io/acme/'; correct one of them",
        stored(OciStorage(registry="ghcr.io/acme"), uri=IN_REGISTRY),
    ),
    "half a key": Row(
        stored(keyed(secret_access_key=None)),
        f"{S3}: access_key_id is given alone, must come with secret_access_key; write secret_access_key=secret(…)",
        stored(keyed()),
    ),
    "the other half": Row(
        stored(S3Storage(secret_access_key="s")),
        f"{S3}: secret_access_key is given alone, must come with access_key_id; write access_key_id=secret(…)",
        stored(S3Storage()),
    ),
    "a token without its key": Row(
        stored(S3Storage(session_token="t")),
        f"{S3}: session_token is given alone, must come with access_key_id; write access_key_id=…",
        stored(keyed(session_token="t")),
    ),
    "nobody logs in, with a key": Row(
        stored(GcsStorage(anonymous=True, service_account_json="{}"), uri="gs://b/m"),
        f"{GCS}: anonymous and service_account_json are given, must be one of them; remove one",
        stored(GcsStorage(service_account_json="{}"), uri="gs://b/m"),
    ),
    "nothing to log in with": Row(
        stored(AzureStorage(account="a"), uri="azure://c/m"),
        f"{AZURE}: nothing to log in with is given, must be one of key, sas_url and managed_identity; "
        "write key=secret(…)",
        stored(AzureStorage(account="a", managed_identity=True), uri="azure://c/m"),
    ),
    "two ways to log in": Row(
        stored(AzureStorage(account="a", key="k", sas_url="https://a/?sig=x"), uri="azure://c/m"),
        f"{AZURE}: key and sas_url are given, must be one of key, sas_url and managed_identity; write key=secret(…)",
        stored(AzureStorage(sas_url="https://a/?sig=x"), uri="azure://c/m"),
    ),
    "a key of no account": Row(
        stored(AzureStorage(key="k"), uri="azure://c/m"),
        f"{AZURE}: account is not set, must be given without sas_url; write account='…'",
        stored(AzureStorage(account="a", key="k"), uri="azure://c/m"),
    ),
    "a signed URL and an address": Row(
        stored(AzureStorage(sas_url="https://a/?sig=x", endpoint="https://a.blob.acme.io"), uri="azure://c/m"),
        f"{AZURE}: endpoint and sas_url are given, must be one of them: a signed URL says where it leads; "
        "remove endpoint",
        stored(AzureStorage(account="a", key="k", endpoint="https://a.blob.acme.io"), uri="azure://c/m"),
    ),
    "an address that is none": Row(
        stored(AzureStorage(account="a", key="k", endpoint="blob.acme.io"), uri="azure://c/m"),
        f"{AZURE}: endpoint 'blob.acme.io', must be http:// or https:// with a server, and no password in it; "
        "write endpoint='https://ACCOUNT.blob.core.usgovcloudapi.net'",
        stored(AzureStorage(account="a", key="k", endpoint="https://a.blob.acme.io"), uri="azure://c/m"),
    ),
    "a storage for nothing": Row(
        stored(S3Storage(), GcsStorage()),
        f"{GCS}: scheme 'gs' is used by no URI, must be that of a model_uri, gs://…; remove it",
        stored(S3Storage()),
    ),
    "a URI without storage": Row(
        deployment(
            predictor(explainer=Explainer(type="ALE", model_uri="azure://c/e")),
            storage=[S3Storage()],
        ),
        f"{PREDICTOR} → explainer: model_uri 'azure://c/e' has no storage, must be of one that is there, s3://; "
        "add AzureStorage to storage, or name a Secret by env_secret_ref_name",
        deployment(
            predictor(explainer=Explainer(type="ALE", model_uri="azure://c/e", env_secret_ref_name="azure")),
            storage=[S3Storage()],
        ),
    ),
    "a URI elsewhere on the web": Row(
        stored(HttpStorage(url="https://models.acme.io/"), uri="https://evil.io/score"),
        f"{NODE}: model_uri 'https://evil.io/score', must begin with the storage's url 'https://models.acme.io/'; "
        "correct one of them",
        stored(HttpStorage(url="https://models.acme.io/"), uri=WEB),
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_broken_rule_is_said(row: Row) -> None:
    assert [str(problem) for problem in check(row.wrong)] == [row.message]
    assert check(row.right) == []


def test_a_uri_that_comes_late_may_be_of_any_storage() -> None:
    assert check(stored(S3Storage(), uri=Later())) == []


def test_public_buckets_and_volumes_need_no_storage() -> None:
    nodes = [model(name=f"m{index}", model_uri=uri) for index, uri in enumerate(("gs://b/m", "pvc://claim/m"))]
    both = [predictor(f"p{index}", graph=node, traffic=50) for index, node in enumerate(nodes)]
    third = predictor("c", traffic=0)
    assert check(deployment(*both, third, storage=[S3Storage()])) == []


ADDRESSES = {
    "of another account": (
        AzureStorage(account="acme", key="k", endpoint="https://other.blob.acme.io"),
        f"{AZURE}: endpoint 'https://other.blob.acme.io', must begin with https://acme. on a cluster; "
        "write endpoint='https://acme.blob.core.usgovcloudapi.net'",
    ),
    "of an emulator with accounts of its own": (
        AzureStorage(account="acme", key="k", endpoint="http://azurite:10000/acme"),
        f"{AZURE}: endpoint 'http://azurite:10000/acme' of account 'acme', must be that of account devstoreaccount1: "
        "rclone reads an account in a path only as an emulator's; let the emulator have that account, and name it",
    ),
    "of Google's": (
        GcsStorage(anonymous=True, endpoint="http://fake-gcs:4443"),
        f"{GCS}: endpoint is given, must not be given for a cluster, where Seldon's storage initializer asks Google's "
        "own address alone; remove endpoint, or name a Secret for an image of your own by env_secret_ref_name",
    ),
}


@pytest.mark.parametrize("name", ADDRESSES)
def test_an_address_that_only_this_machine_reaches_is_an_error_of_a_cluster(name: str) -> None:
    storage, said = ADDRESSES[name]
    uri = "gs://c/m" if isinstance(storage, GcsStorage) else "azure://c/m"
    assert check(stored(storage, uri=uri)) == []
    assert [str(problem) for problem in check_cluster(stored(storage, uri=uri))] == [said]


@pytest.mark.parametrize(
    "storage",
    [
        AzureStorage(account="acme", key="k", endpoint="https://acme.blob.core.chinacloudapi.cn"),
        AzureStorage(account="devstoreaccount1", key="k", endpoint="http://azurite:10000/devstoreaccount1"),
    ],
)
def test_an_address_that_rclone_reads_is_right_on_a_cluster(storage: AzureStorage) -> None:
    assert check_cluster(stored(storage, uri="azure://c/m")) == []


def test_an_address_of_a_registrys_store_is_held_to_the_same() -> None:
    google = GcsStorage(anonymous=True, endpoint="http://fake-gcs:4443")
    registry = MlflowStorage(tracking_uri="https://mlflow.acme.io", artifacts=google)
    (said,) = check_cluster(stored(registry, uri=VERSION))
    assert str(said).startswith(f"{GCS}: endpoint is given, must not be given for a cluster")

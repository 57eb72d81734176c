"""Credentials as rclone reads them; a real one is run with each in tests/local/stores/test_rclone.py."""

from __future__ import annotations

import csv

from seldon_infra.artifacts.render import rclone_variables
from seldon_infra.artifacts.spec import AzureStorage, GcsStorage, HttpStorage, S3Storage
from tests.unit.core.later import Later


def test_a_key_of_s3() -> None:
    storage = S3Storage(
        provider="Minio",
        access_key_id="AKIA",
        secret_access_key="s",
        session_token="t",
        region="eu-1",
        endpoint="http://minio:9000",
    )
    assert rclone_variables([storage]) == {
        "RCLONE_CONFIG_S3_TYPE": "s3",
        "RCLONE_CONFIG_S3_PROVIDER": "Minio",
        "RCLONE_CONFIG_S3_ENV_AUTH": "false",
        "RCLONE_CONFIG_S3_ACCESS_KEY_ID": "AKIA",
        "RCLONE_CONFIG_S3_SECRET_ACCESS_KEY": "s",
        "RCLONE_CONFIG_S3_SESSION_TOKEN": "t",
        "RCLONE_CONFIG_S3_REGION": "eu-1",
        "RCLONE_CONFIG_S3_ENDPOINT": "http://minio:9000",
    }


def test_without_a_key_the_pods_own_identity_counts() -> None:
    assert rclone_variables([S3Storage(scheme="lake")]) == {
        "RCLONE_CONFIG_LAKE_TYPE": "s3",
        "RCLONE_CONFIG_LAKE_PROVIDER": "AWS",
        "RCLONE_CONFIG_LAKE_ENV_AUTH": "true",
    }


def test_google_is_never_asked_anonymously_unless_wanted() -> None:
    assert rclone_variables([GcsStorage(service_account_json='{"type": "service_account"}')]) == {
        "RCLONE_CONFIG_GS_TYPE": "google cloud storage",
        "RCLONE_CONFIG_GS_ANONYMOUS": "false",
        "RCLONE_CONFIG_GS_SERVICE_ACCOUNT_CREDENTIALS": '{"type": "service_account"}',
    }
    assert rclone_variables([GcsStorage(anonymous=True)])["RCLONE_CONFIG_GS_ANONYMOUS"] == "true"


def test_a_key_of_azure() -> None:
    assert rclone_variables([AzureStorage(account="acme", key="k")]) == {
        "RCLONE_CONFIG_AZURE_TYPE": "azureblob",
        "RCLONE_CONFIG_AZURE_ACCOUNT": "acme",
        "RCLONE_CONFIG_AZURE_KEY": "k",
    }


def test_an_account_of_another_cloud_of_azures_is_its_domain() -> None:
    storage = AzureStorage(account="acme", key="k", endpoint="https://acme.blob.core.chinacloudapi.cn/")
    assert rclone_variables([storage])["RCLONE_CONFIG_AZURE_ENDPOINT"] == "blob.core.chinacloudapi.cn"


def test_an_account_of_an_emulators_is_its_address() -> None:
    storage = AzureStorage(account="devstoreaccount1", key="k", endpoint="http://azurite:10000/devstoreaccount1")
    assert rclone_variables([storage]) == {
        "RCLONE_CONFIG_AZURE_TYPE": "azureblob",
        "RCLONE_CONFIG_AZURE_USE_EMULATOR": "true",
        "RCLONE_CONFIG_AZURE_ENDPOINT": "http://azurite:10000/devstoreaccount1",
    }


def test_headers_of_the_web_may_hold_anything() -> None:
    headers = {"Authorization": "Bearer t", "X-Tags": 'a, "b"'}
    found = rclone_variables([HttpStorage(url="https://models.acme.io/", headers=headers)])
    (line,) = csv.reader([found.pop("RCLONE_CONFIG_HTTPS_HEADERS")])
    assert line == ["Authorization", "Bearer t", "X-Tags", 'a, "b"']
    assert found == {"RCLONE_CONFIG_HTTPS_TYPE": "http", "RCLONE_CONFIG_HTTPS_URL": "https://models.acme.io/"}


def test_a_header_that_comes_late_stands_for_all() -> None:
    later = Later()
    found = rclone_variables([HttpStorage(url="http://m/", headers={"A": "b", "C": later})])  # type: ignore[dict-item]
    assert found["RCLONE_CONFIG_HTTP_HEADERS"] is later


def test_several_stores_go_into_one_secret() -> None:
    found = rclone_variables([S3Storage(), S3Storage(scheme="lake"), HttpStorage(url="https://m/")])
    assert {name.split("_")[2] for name in found} == {"S3", "LAKE", "HTTPS"}

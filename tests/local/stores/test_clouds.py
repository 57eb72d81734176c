"""Models of Azure's and Google's stores, on real servers of theirs: Azurite, and fake-gcs-server behind a login."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from seldon_infra.artifacts import stores
from seldon_infra.artifacts.contents import contents_of
from seldon_infra.artifacts.fetch import listed
from seldon_infra.artifacts.render import store_settings
from seldon_infra.artifacts.signed import unsigned
from seldon_infra.artifacts.spec import AzureStorage, GcsStorage
from seldon_infra.core.errors import ModelNotFound, NotPermitted
from tests.local.stores import azure, google
from tests.local.stores.servers import azurite, fake_gcs
from tests.unit.artifacts.test_signed import key_pair, sign

pytestmark = pytest.mark.local

FILES = {"iris/model.joblib": b"weights", "iris/labels/names of it.txt": b"a b c", "iris2/other.txt": b"other"}
WRONG = "bm90LXRvLWJlLXNlZW4="
"""A key of the right form, base64."""
MANY = 2**30


@dataclass(frozen=True)
class Cloud:
    """A store of one kind: who may read it, who may not and by which field, and how it is filled."""

    scheme: str
    right: Mapping[str, Any]
    wrong: Mapping[str, tuple[Any, str]]
    broken: Any
    put: Callable[[Mapping[str, bytes]], None]

    def uri(self, path: str) -> str:
        return f"{self.scheme}://models/{path}"

    def found(self, path: str, storage: Any = None) -> stores.Found:
        given = storage or next(iter(self.right.values()))
        return stores.resolve(self.uri(path), Path("/nowhere"), store_settings(given))


@pytest.fixture(scope="module")
def of_azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with azurite(tmp_path_factory.mktemp("azurite"), azure.ACCOUNTS) as url:
        azure.make_container(url, azure.ACME, "models")
        at = f"{url}/{azure.ACME}"
        keyed = partial(AzureStorage, account=azure.ACME, endpoint=at)
        forged = azure.signed(azure.ACME).rpartition("sig=")[0] + f"sig={WRONG}"
        yield Cloud(
            "azure",
            {
                "a key": keyed(key=azure.ACME_KEY),
                "a signed URL": AzureStorage(sas_url=f"{at}?{azure.signed(azure.ACME, 'rl')}"),
            },
            {
                "another key": (keyed(key=WRONG), "AzureStorage(key=…)"),
                "another signature": (AzureStorage(sas_url=f"{at}?{forged}"), "AzureStorage(sas_url=…)"),
                "a signature that is over": (
                    AzureStorage(sas_url=f"{at}?{azure.signed(azure.ACME, 'rl', '2020-01-01T00:00:00Z')}"),
                    "AzureStorage(sas_url=…)",
                ),
                "one that lists nothing": (
                    AzureStorage(sas_url=f"{at}?{azure.signed(azure.ACME, 'r')}"),
                    "AzureStorage(sas_url=…)",
                ),
            },
            keyed(key="not-to-be-seen"),
            partial(azure.put, url, azure.ACME, "models"),
        )


@pytest.fixture(scope="module")
def of_google(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with fake_gcs(tmp_path_factory.mktemp("gcs")) as url, google.google(url) as (login, front):
        google.make_bucket(url, "models")
        other = google.key_file(login, generate_private_key(65537, 2048))
        keyed = partial(GcsStorage, endpoint=login)
        yield Cloud(
            "gs",
            {
                "a key file": keyed(service_account_json=google.key_file(login, front.key)),
                "nobody": GcsStorage(anonymous=True, endpoint=url),
            },
            {
                "another key": (keyed(service_account_json=other), "GcsStorage(service_account_json=…)"),
                "nobody": (keyed(anonymous=True), "GcsStorage(anonymous=True)"),
            },
            keyed(service_account_json=json.dumps(json.loads(other) | {"private_key": "not-to-be-seen"})),
            partial(google.put, url, "models"),
        )


@pytest.fixture(params=["azure", "google"])
def cloud(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    monkeypatch.setenv("SELDON_INFRA_CACHE", str(tmp_path / "cache"))
    made: Cloud = request.getfixturevalue(f"of_{request.param}")
    made.put(FILES)
    return made


def test_a_folder_is_the_same_model_as_the_one_that_was_uploaded_however_one_logs_in(
    cloud: Cloud, tmp_path: Path
) -> None:
    for name, content in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    here = stores.resolve(str(tmp_path / "iris"), Path("/nowhere"))
    for storage in cloud.right.values():
        there = cloud.found("iris", storage)
        assert (there.digest, there.size) == (here.digest, 12)
    assert [file.name for file in cloud.found("iris/model.joblib").path.iterdir()] == ["model.joblib"]


def test_other_content_under_the_same_uri_is_another_digest_and_the_same_again_is_none(
    cloud: Cloud, tmp_path: Path
) -> None:
    settings = store_settings(next(iter(cloud.right.values())))

    def seen() -> str:
        return contents_of(listed(cloud.uri("iris"), settings), tmp_path / "cache", MANY)

    first = seen()
    cloud.put({"iris/model.joblib": b"Weights"})
    assert seen() != first
    cloud.put(FILES)
    assert seen() == first


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, bytes]]:
    """A maker's public key, and the files of a model that was signed with the other one."""
    folder = tmp_path_factory.mktemp("signed")
    key, model = key_pair(folder, "maker"), folder / "model"
    model.mkdir()
    (model / "model.joblib").write_bytes(b"weights")
    sign(model, key)
    return key, {f"signed/{file.name}": file.read_bytes() for file in model.iterdir()}


def test_a_model_is_held_to_its_signature(cloud: Cloud, signed: tuple[Path, dict[str, bytes]]) -> None:
    key, files = signed
    cloud.put(files)
    assert unsigned(cloud.found("signed").path, key) == []
    cloud.put({"signed/model.joblib": b"Weights"})
    assert [finding.file for finding in unsigned(cloud.found("signed").path, key)] == ["model.joblib"]


def test_whoever_may_not_read_is_told_by_which_field_and_no_key(cloud: Cloud) -> None:
    for storage, field in cloud.wrong.values():
        with pytest.raises(NotPermitted) as said:
            cloud.found("iris", storage)
        assert str(said.value) == (
            f"'{cloud.uri('iris')}' may not be read with the credentials of its storage; correct {field}"
        )


def test_a_key_that_has_not_the_form_of_one_is_told_by_its_field_and_not_repeated(cloud: Cloud) -> None:
    with pytest.raises(NotPermitted, match="…\\) of its storage has not the form of one; copy it anew") as said:
        cloud.found("iris", cloud.broken)
    assert "not-to-be-seen" not in str(said.value)


def test_what_is_not_there_is_said_to_hold_nothing(cloud: Cloud) -> None:
    with pytest.raises(ModelNotFound, match=f"'{cloud.uri('absent')}' holds nothing"):
        cloud.found("absent")


def test_a_container_that_is_not_there_is_named(of_azure: Cloud) -> None:
    settings = store_settings(of_azure.right["a key"])
    with pytest.raises(ModelNotFound, match="'azure://missing/iris': there is no bucket or container 'missing'"):
        listed("azure://missing/iris", settings)

"""Credentials as the variables that rclone reads: ``RCLONE_CONFIG_<REMOTE>_<OPTION>``.

The names of options are those of rclone's backends in 1.59, which Seldon's storage initializer 1.17.1 holds. Its
azureblob puts account and ``ENDPOINT`` together to ``https://ACCOUNT.ENDPOINT``; whole addresses it takes of an
emulator alone, together with the one account that emulators have by default.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from seldon_infra.artifacts.source import scheme_of
from seldon_infra.artifacts.spec import (
    AzureStorage,
    GcsStorage,
    HttpStorage,
    MlflowStorage,
    OciStorage,
    S3Storage,
    Storage,
)
from seldon_infra.core.model import is_later

_KINDS: dict[type[Storage], str] = {
    S3Storage: "s3",
    GcsStorage: "gs",
    AzureStorage: "azure",
    HttpStorage: "http",
    OciStorage: "oci",
    MlflowStorage: "models",
}


def store_settings(storage: Storage) -> dict[str, Any]:
    """One storage as plain values, as this machine uses it itself."""
    given = {name: value for name, value in storage.__dict__.items() if value is not None}
    if isinstance(storage, MlflowStorage) and storage.artifacts is not None:
        given["artifacts"] = store_settings(storage.artifacts)
    return {**given, "scheme": storage.scheme, "kind": _KINDS[type(storage)]}


def settings_for(uri: str, stores: Iterable[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Give the settings of the store that a URI leads to, None where none is declared."""
    found = next((each for each in stores if each["scheme"] == scheme_of(uri)), None)
    # What a web server or a registry is told, no other server is.
    return found if found and uri.startswith(found.get("url") or _begin(found)) else None


def _begin(store: Mapping[str, Any]) -> str:
    registry = store.get("registry")
    return f"oci://{registry}/" if registry else ""


def rclone_variables(storages: Iterable[Storage]) -> dict[str, Any]:
    """Variables for several stores together."""
    return {name: value for storage in storages for name, value in rclone_remote(storage).items()}


def rclone_remote(storage: Storage) -> dict[str, Any]:
    """Variables for one store; the remote's name is the scheme of the URIs that it is for.

    Of a registry it is the store in which it keeps files: pods are told where, and never ask it.
    """
    if isinstance(storage, MlflowStorage):
        return rclone_remote(storage.artifacts) if storage.artifacts is not None else {}
    prefix = f"RCLONE_CONFIG_{storage.scheme.upper()}_"
    return {prefix + name: value for name, value in _options(storage).items() if value is not None}


def _options(storage: Storage) -> dict[str, Any]:
    match storage:
        case S3Storage():
            return s3(storage)
        case GcsStorage():
            return gcs(storage)
        case AzureStorage():
            return azure(storage)
        case HttpStorage():
            return http(storage)
        case OciStorage() | MlflowStorage():
            return {}


def s3(storage: S3Storage) -> dict[str, Any]:
    """Options of the backend s3."""
    return {
        "TYPE": "s3",
        "PROVIDER": storage.provider,
        "ENV_AUTH": _truth(storage.access_key_id is None),
        "ACCESS_KEY_ID": storage.access_key_id,
        "SECRET_ACCESS_KEY": storage.secret_access_key,
        "SESSION_TOKEN": storage.session_token,
        "REGION": storage.region,
        "ENDPOINT": storage.endpoint,
    }


def gcs(storage: GcsStorage) -> dict[str, Any]:
    """Options of the backend "google cloud storage"; Seldon's image sets ANONYMOUS for gs, so it is always said."""
    return {
        "TYPE": "google cloud storage",
        "ANONYMOUS": _truth(storage.anonymous),
        "SERVICE_ACCOUNT_CREDENTIALS": storage.service_account_json,
    }


def azure(storage: AzureStorage) -> dict[str, Any]:
    """Options of the backend azureblob."""
    if is_emulated(storage):
        return {"TYPE": "azureblob", "USE_EMULATOR": "true", "ENDPOINT": storage.endpoint}
    return {
        "TYPE": "azureblob",
        "ACCOUNT": storage.account,
        "KEY": storage.key,
        "SAS_URL": storage.sas_url,
        "ENDPOINT": (urlsplit(storage.endpoint or "").hostname or "").partition(".")[2] or None,
        "USE_MSI": "true" if storage.managed_identity else None,
    }


def is_emulated(storage: AzureStorage) -> bool:
    """Tell whether an account is one of an emulator, whose addresses have it in their path."""
    return bool(urlsplit(storage.endpoint or "").path.strip("/"))


def http(storage: HttpStorage) -> dict[str, Any]:
    """Options of the backend http: it takes what stands before the path in a URI from the URI itself."""
    return {"TYPE": "http", "URL": storage.url, "HEADERS": _csv(storage.headers)}


def _truth(value: bool) -> str:
    return "true" if value else "false"


def _csv(headers: Mapping[str, Any]) -> Any:
    """Headers as one line of names and values; where one is yet to come, it stands for all of them."""
    later = next((value for value in headers.values() if is_later(value)), None)
    if later is not None or not headers:
        return later
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(part for pair in headers.items() for part in pair)
    return line.getvalue()

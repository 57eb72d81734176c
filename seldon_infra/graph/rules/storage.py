"""Rules about storage: each store's credentials are whole, used, and for one scheme alone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from seldon_infra.artifacts.render import is_emulated
from seldon_infra.artifacts.spec import AzureStorage, GcsStorage, HttpStorage, MlflowStorage, OciStorage, S3Storage
from seldon_infra.core.model import is_later, known, title
from seldon_infra.core.problems import ARROW, Problem
from seldon_infra.graph.rules.place import half, listed, nodes_in, predictors, used_twice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seldon_infra.artifacts.spec import Storage
    from seldon_infra.graph.spec import Explainer, Node, SeldonDeployment

_WEB = re.compile(r"https?://[^\s/@]+(/\S*)?\Z")
_SCHEME = re.compile(r"[a-z][a-z0-9]*\Z", re.ASCII)
_OPEN = frozenset({"", "file", "pvc", "gs"})
"""Schemes that need no credentials: paths, volumes, and Google's public buckets, which Seldon's image reads anyway."""
_EMULATED, _ACCOUNT, _GOVERNMENT = "devstoreaccount1", "ACCOUNT", "blob.core.usgovcloudapi.net"
_KINDS = {
    "s3": "S3Storage",
    "azure": "AzureStorage",
    "http": "HttpStorage",
    "https": "HttpStorage",
    "oci": "OciStorage",
    "models": "MlflowStorage",
}


def schemes(deployment: SeldonDeployment) -> Iterator[Problem]:
    """A scheme becomes part of a variable's name, and tells stores apart."""
    for each in deployment.storage:
        if isinstance(each, HttpStorage):
            yield from _url(_path(deployment, each), each.url)
        elif isinstance(each, MlflowStorage):
            yield from _url(_path(deployment, each), each.tracking_uri, "tracking_uri")
        elif not _SCHEME.match(each.scheme):
            want, fix = "must be lower-case letters and digits", "write scheme='models'"
            yield Problem(_path(deployment, each), f"scheme '{each.scheme}'", want, fix)
    for scheme in used_twice([each.scheme for each in deployment.storage]):
        got, fix = f"scheme '{scheme}' is used by two storages", "give one of them another scheme, and its URIs too"
        yield Problem(title(deployment), got, "must be one storage's", fix)


def credentials(deployment: SeldonDeployment) -> Iterator[Problem]:
    """Half of a credential is none."""
    for each in deployment.storage:
        for got, want, fix in _incomplete(each):
            yield Problem(_path(deployment, each), got, want, fix)


def every_uri_is_served(deployment: SeldonDeployment) -> Iterator[Problem]:
    """With storage, every URI finds its own there; the operator's own credentials no longer count."""
    for place, owner in _owners(deployment):
        uri = known(owner.model_uri)
        if uri is not None and owner.env_secret_ref_name is None:
            yield from _served(deployment, place, uri)


def every_storage_is_used(deployment: SeldonDeployment) -> Iterator[Problem]:
    """Credentials that nobody needs are not handed out."""
    uris = [owner.model_uri for _, owner in _owners(deployment) if owner.env_secret_ref_name is None]
    used = {_scheme_of(uri) for uri in map(known, uris) if uri is not None}
    if any(map(is_later, uris)):
        return
    for each in deployment.storage:
        if each.scheme not in used:
            want = f"must be that of a model_uri, {each.scheme}://…"
            yield Problem(_path(deployment, each), f"scheme '{each.scheme}' is used by no URI", want, "remove it")


def _served(deployment: SeldonDeployment, place: str, uri: str) -> Iterator[Problem]:
    scheme = _scheme_of(uri)
    storage = next((each for each in deployment.storage if each.scheme == scheme), None)
    if storage is None and deployment.storage and scheme not in _OPEN:
        there = listed([f"{each.scheme}://" for each in deployment.storage], "and")
        fix = f"add {_KINDS.get(scheme, 'S3Storage(scheme=…)')} to storage, or name a Secret by env_secret_ref_name"
        yield Problem(place, f"model_uri '{uri}' has no storage", f"must be of one that is there, {there}", fix)
    if isinstance(storage, OciStorage) and not uri.startswith(f"oci://{storage.registry}/"):
        want, fix = f"must begin with the storage's registry 'oci://{storage.registry}/'", "correct one of them"
        yield Problem(place, f"model_uri '{uri}'", want, fix)
    if isinstance(storage, HttpStorage) and not uri.startswith(storage.url):
        want, fix = f"must begin with the storage's url '{storage.url}'", "correct one of them"
        yield Problem(place, f"model_uri '{uri}'", want, fix)


def _incomplete(storage: Storage) -> Iterator[tuple[str, str, str]]:
    match storage:
        case S3Storage():
            yield from half(storage, "access_key_id", "secret_access_key")
            if storage.session_token is not None and storage.access_key_id is None:
                yield "session_token is given alone", "must come with access_key_id", "write access_key_id=…"
        case GcsStorage():
            if storage.anonymous and storage.service_account_json is not None:
                yield "anonymous and service_account_json are given", "must be one of them", "remove one"
        case AzureStorage():
            yield from _incomplete_azure(storage)
        case OciStorage() | MlflowStorage():
            yield from half(storage, "username", "password")
            if storage.token is not None and storage.username is not None:
                yield "token and username are given", "must be one of them", "remove one"


def _incomplete_azure(storage: AzureStorage) -> Iterator[tuple[str, str, str]]:
    ways = ("key", storage.key), ("sas_url", storage.sas_url), ("managed_identity", storage.managed_identity or None)
    given = [name for name, value in ways if value is not None]
    if len(given) != 1:
        got = f"{listed(given, 'and')} are given" if given else "nothing to log in with is given"
        yield got, "must be one of key, sas_url and managed_identity", "write key=secret(…)"
    if storage.sas_url is None and storage.account is None:
        yield "account is not set", "must be given without sas_url", "write account='…'"
    if storage.endpoint is not None and storage.sas_url is not None:
        yield (
            "endpoint and sas_url are given",
            "must be one of them: a signed URL says where it leads",
            "remove endpoint",
        )
    if storage.endpoint is not None and not _WEB.match(storage.endpoint):
        want = "must be http:// or https:// with a server, and no password in it"
        yield f"endpoint '{storage.endpoint}'", want, f"write endpoint='https://{_ACCOUNT}.{_GOVERNMENT}'"


def endpoints_are_in_reach(deployment: SeldonDeployment) -> Iterator[Problem]:
    """The rclone of Seldon's storage initializer takes fewer addresses than this machine does.

    Source: backend/azureblob and backend/googlecloudstorage of rclone 1.59.
    """
    for each in (it.artifacts if isinstance(it, MlflowStorage) else it for it in deployment.storage):
        if isinstance(each, GcsStorage) and each.endpoint is not None:
            want = "must not be given for a cluster, where Seldon's storage initializer asks Google's own address alone"
            fix = "remove endpoint, or name a Secret for an image of your own by env_secret_ref_name"
            yield Problem(_path(deployment, each), "endpoint is given", want, fix)
        elif isinstance(each, AzureStorage) and each.endpoint is not None:
            yield from _azure_endpoint(_path(deployment, each), each)


def _azure_endpoint(path: str, storage: AzureStorage) -> Iterator[Problem]:
    account = known(storage.account)
    if account is None or not _WEB.match(storage.endpoint or ""):
        return
    if is_emulated(storage) and account != _EMULATED:
        want = f"must be that of account {_EMULATED}: rclone reads an account in a path only as an emulator's"
        fix = "let the emulator have that account, and name it"
        yield Problem(path, f"endpoint '{storage.endpoint}' of account '{account}'", want, fix)
    elif not is_emulated(storage) and not str(storage.endpoint).startswith(f"https://{account}."):
        fix = f"write endpoint='https://{account}.{_GOVERNMENT}'"
        yield Problem(path, f"endpoint '{storage.endpoint}'", f"must begin with https://{account}. on a cluster", fix)


def _url(path: str, url: str, field: str = "url") -> Iterator[Problem]:
    if not _WEB.match(url):
        want, how = "must be http:// or https:// with a server, and no password in it", "as a header"
        fix = f"write {field}='https://HOST/', and a password {how if field == 'url' else 'by itself'}"
        yield Problem(path, f"{field} '{url}'", want, fix)


def _owners(deployment: SeldonDeployment) -> Iterator[tuple[str, Node | Explainer]]:
    for at in predictors(deployment):
        yield from ((inner.path, inner.node) for inner in nodes_in(at))
        if at.predictor.explainer:
            yield f"{at.path}{ARROW}explainer", at.predictor.explainer


def _scheme_of(uri: str) -> str:
    """Give what rclone takes for the remote: ``s3`` of ``s3://bucket/model`` and of ``s3:bucket/model``."""
    return uri.partition(":")[0] if ":" in uri else ""


def _path(deployment: SeldonDeployment, storage: Storage) -> str:
    return f"{title(deployment)}{ARROW}{title(storage)}"


DEPLOYMENT_RULES = (schemes, credentials, every_uri_is_served, every_storage_is_used)
CLUSTER_DEPLOYMENT_RULES = (endpoints_are_in_reach,)

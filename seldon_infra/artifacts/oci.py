"""Models that a registry of images keeps: ``oci://REGISTRY/REPOSITORY:TAG`` or ``…@sha256:…``.

Three ways of packing them are read: files by their titles, as ORAS pushes them; archives of KitOps' ModelKits; and
images with the folder ``/models``, as KServe's modelcars have it. Sources: the OCI distribution and image
specifications; oras-go's ``content/file``; kitops' ``pkg/lib/constants``; KServe's page "Modelcars".
"""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Mapping
from typing import Any, BinaryIO, cast
from urllib.parse import urljoin, urlsplit

from seldon_infra.artifacts import web
from seldon_infra.artifacts.listing import StoreNotReached
from seldon_infra.artifacts.registry import INDEXES, LARGEST_BYTES, MANIFESTS, Image, token_place
from seldon_infra.artifacts.source import Item, Settings
from seldon_infra.core.errors import LimitReached, NotPermitted

_TITLE, _UNPACK = "org.opencontainers.image.title", "io.deis.oras.content.unpack"
_TAR = re.compile(r"\.tar(\.gzip|\+gzip)?\Z")
_KIT = re.compile(r"application/vnd\.kitops\.modelkit\.(model|modelpart)\.")
_LAYER = re.compile(r"application/vnd\.(oci\.image|docker\.image\.rootfs)\..*tar")
MODELS = "models"
"""Folder of an image that is the model."""


class Registry:
    """A model in a registry of images."""

    def __init__(self, uri: str, settings: Settings) -> None:
        self._uri, self._image = uri, Image.of(uri.removeprefix("oci://"))
        named = settings.get("registry")
        self._named = (urljoin(self._image.url, "/"),) if named else ()
        self._own, self._has_token = web.login(settings), bool(settings.get("token"))
        self._login: dict[str, str] = {}

    def items(self) -> list[Item]:
        """List the layers that hold the model; what is in them is known once they are there."""
        manifest = self._manifest(self._image.reference)
        for each in manifest.get("manifests", ())[:1]:
            manifest = self._manifest(str(each["digest"]))
        layers = [_item(layer, str(layer["digest"])) for layer in manifest.get("layers", ())]
        return [layer for layer in layers if layer is not None]

    def write(self, item: Item, to: BinaryIO) -> None:
        """Write a layer, and hold it to its digest."""
        hashed = _Hashed(to)
        self._save(f"{self._image.url}/blobs/{item.place}", {}, cast("BinaryIO", hashed))
        if f"sha256:{hashed.digest()}" != item.place:
            raise StoreNotReached(f"'{self._uri}': the layer {item.place} is not what its digest says; run again")

    def _manifest(self, reference: str) -> dict[str, Any]:
        said = io.BytesIO()
        accept = {"Accept": ", ".join((*INDEXES, *MANIFESTS))}
        self._save(f"{self._image.url}/manifests/{reference}", accept, cast("BinaryIO", _Bounded(said)))
        wanted, found = reference.partition(":"), hashlib.sha256(said.getvalue()).hexdigest()
        if wanted[0] == "sha256" and wanted[2] != found:
            raise StoreNotReached(f"'{self._uri}': the manifest {reference} is not what its digest says")
        try:
            return dict(json.loads(said.getvalue()))
        except (ValueError, TypeError):
            raise StoreNotReached(f"'{self._uri}': {self._image.registry} does not answer as a registry does") from None

    def _save(self, url: str, headers: Mapping[str, str], to: BinaryIO) -> None:
        try:
            web.save(url, {**headers, **self._login}, self._named, to)
        except web.NotLoggedIn as refused:
            if self._login:
                raise NotPermitted(f"'{self._uri}' may not be read with the credentials of its storage") from None
            self._login = self._logged_in(refused.challenge)
            web.save(url, {**headers, **self._login}, self._named, to)

    def _logged_in(self, challenge: str) -> dict[str, str]:
        """Give the header that a registry wants: who reads, or a token that it gives to whoever reads."""
        if self._own and (self._has_token or challenge.lower().startswith("basic")):
            return self._own
        place = token_place(challenge)
        if place is None:
            raise NotPermitted(f"'{self._uri}': registry {self._image.registry} wants credentials; write OciStorage(…)")
        realm, parts = place.partition("?")[0], urlsplit(place)
        if self._own and parts.scheme != "https" and parts.hostname != urlsplit(self._image.url).hostname:
            raise NotPermitted(f"'{self._uri}': its registry sends credentials on to {realm}, which is not encrypted")
        said = io.BytesIO()
        web.save(place, self._own, self._named, cast("BinaryIO", _Bounded(said)))
        try:
            found = json.loads(said.getvalue())
            return {"Authorization": f"Bearer {found.get('token') or found['access_token']}"}
        except (ValueError, KeyError, AttributeError):
            raise StoreNotReached(f"'{self._uri}': {realm} gives no token") from None


def _item(layer: Mapping[str, Any], digest: str) -> Item | None:
    """Read one layer of a manifest; None for one that is no part of a model, such as a kit's code."""
    said, kind = layer.get("annotations") or {}, str(layer.get("mediaType", ""))
    title, size = str(said.get(_TITLE) or ""), int(layer["size"])
    packed = said.get(_UNPACK) == "true" or (_KIT.match(kind) is not None and _TAR.search(kind) is not None)
    if packed:
        return Item(f"{digest.replace(':', '-')}.tar", digest, size, digest, "")
    if title:
        return Item(title, digest, size, digest)
    if _LAYER.match(kind):
        return Item(f"{digest.replace(':', '-')}.tar", digest, size, digest, MODELS)
    return None


class _Hashed:
    def __init__(self, to: BinaryIO) -> None:
        self._to, self._whole = to, hashlib.sha256()

    def write(self, piece: bytes) -> int:
        self._whole.update(piece)
        return self._to.write(piece)

    def digest(self) -> str:
        return self._whole.hexdigest()


class _Bounded:
    """Takes what a registry may say of a model, and no more."""

    def __init__(self, to: io.BytesIO) -> None:
        self._to = to

    def write(self, piece: bytes) -> int:
        if self._to.tell() + len(piece) > LARGEST_BYTES:
            raise LimitReached(f"a registry's answer is larger than {LARGEST_BYTES:,} bytes")
        return self._to.write(piece)

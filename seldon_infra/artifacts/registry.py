"""What a registry says about an image, without pulling it: the platforms that it is built for.

Source: the OCI distribution specification. Only anonymous access is tried; who needs credentials is told so.
"""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from seldon_infra.core.errors import NotFound, NotPermitted, SeldonInfraError

SECONDS = 4.0
LARGEST_BYTES = 4 * 2**20
"""The specification's own bound of a manifest."""
INDEXES = ("application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json")
MANIFESTS = ("application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json")
_HUB, _HUB_HOST = "docker.io", "registry-1.docker.io"
_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')
_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


class RegistryNotReached(SeldonInfraError):
    """A registry gave no answer, or none that can be read."""


@dataclass(frozen=True)
class Image:
    """An image's name in its parts."""

    registry: str
    repository: str
    reference: str
    """Tag or digest."""

    @classmethod
    def of(cls, name: str) -> Image:
        """Read a name as Docker does: ``python:3`` is docker.io/library/python:3."""
        rest, _, digest = name.partition("@")
        first, slash, path = rest.partition("/")
        hosted = bool(slash) and (any(sign in first for sign in ".:") or first == "localhost")
        registry, path = (first, path) if hosted else (_HUB, rest)
        repository, colon, tag = path.rpartition(":")
        repository, tag = (repository, tag) if colon else (path, "latest")
        if registry == _HUB and "/" not in repository:
            repository = f"library/{repository}"
        return cls(registry, repository, digest or tag)

    @property
    def url(self) -> str:
        """Where its repository is; a registry of this machine speaks plain HTTP, as Docker has it."""
        host = _HUB_HOST if self.registry == _HUB else self.registry
        scheme = "http" if host.rpartition(":")[0] in _LOOPBACK or host in _LOOPBACK else "https"
        return f"{scheme}://{host}/v2/{self.repository}"


def platforms(name: str) -> frozenset[str]:
    """Give the platforms that an image is built for, such as ``linux/amd64``.

    Raises:
        NotFound: the registry has no such image.
        NotPermitted: it wants credentials.
        RegistryNotReached: it gave no answer in time, or none that can be read.
    """
    image = Image.of(name)
    try:
        found = _read(image, name, f"{image.url}/manifests/{image.reference}", (*INDEXES, *MANIFESTS))
        if "manifests" in found:
            there = (it.get("platform") or {} for it in found["manifests"])
            return frozenset(_platform(it) for it in there if it.get("os", "unknown") != "unknown")
        config = _read(image, name, f"{image.url}/blobs/{found['config']['digest']}", ())
        return frozenset({_platform(config)})
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RegistryNotReached(f"{image.registry} gave an answer that cannot be read ({error!r})") from None


def _platform(it: Mapping[str, Any]) -> str:
    return f"{it['os']}/{it['architecture']}"


def _read(image: Image, name: str, url: str, accept: tuple[str, ...]) -> dict[str, Any]:
    headers = {"Accept": ", ".join(accept)} if accept else {}
    try:
        return _get(url, headers)
    except urllib.error.HTTPError as refused:
        if refused.code != 401:
            raise _said(refused, image, name) from None
        challenge = refused.headers.get("WWW-Authenticate", "")
    except OSError as error:
        raise _unreached(error, image) from None
    try:
        return _get(url, headers | {"Authorization": f"Bearer {_token(challenge)}"})
    except urllib.error.HTTPError as refused:
        raise _said(refused, image, name) from None
    except OSError as error:
        raise _unreached(error, image) from None


def _token(challenge: str) -> str:
    """Fetch the token that anybody gets."""
    place = token_place(challenge)
    if place is None:
        return ""
    answer = _get(place, {})
    return str(answer.get("token") or answer.get("access_token") or "")


def token_place(challenge: str) -> str | None:
    """Give the URL where a registry's challenge says that a token is; None where it says none."""
    words = dict(_CHALLENGE.findall(challenge))
    if not challenge.lower().startswith("bearer") or not words.get("realm"):
        return None
    query = urllib.parse.urlencode({key: words[key] for key in ("service", "scope") if key in words})
    return f"{words['realm']}?{query}"


def _get(url: str, headers: Mapping[str, str]) -> dict[str, Any]:
    if not url.startswith(("https://", "http://")):
        raise ValueError(url)
    with urllib.request.urlopen(urllib.request.Request(url, headers=dict(headers)), timeout=SECONDS) as answer:
        return dict(json.loads(answer.read(LARGEST_BYTES)))


def _said(refused: urllib.error.HTTPError, image: Image, name: str) -> SeldonInfraError:
    if refused.code == 404:
        return NotFound(f"image '{name}' is not in registry {image.registry}")
    if refused.code in (401, 403):
        return NotPermitted(f"registry {image.registry} wants credentials for {image.repository}")
    return RegistryNotReached(f"registry {image.registry} answered {refused.code}")


def _unreached(error: OSError, image: Image) -> RegistryNotReached:
    reason = getattr(error, "reason", None) or error
    return RegistryNotReached(f"registry {image.registry} cannot be reached: {reason}")

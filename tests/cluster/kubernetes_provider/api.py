"""The API server as the stand-in sees it: kinds by discovery, objects by server-side apply."""

from __future__ import annotations

import base64
import json
import os
import ssl
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import yaml

MANAGER = "pulumi-kubernetes-stand-in"
SECONDS = float(os.environ.get("STAND_IN_ANSWER_SECONDS", "120"))
"""How long the API server may take to answer; a test with one that never does sets less."""
UNREACHED = 0
"""In the place of a status where there was no answer."""


class ApiError(Exception):
    """What the API server refused, in its words."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Api:
    """A way to one API server."""

    server: str
    token: Callable[[], str]
    trust: Callable[[], ssl.SSLContext]
    upsert: bool = False
    patch_force: bool = False

    @classmethod
    def of(cls, kubeconfig: str, *, upsert: bool = False, patch_force: bool = False) -> Api:
        """Read a kubeconfig, given as a path or as its text."""
        text = Path(kubeconfig).read_text(encoding="utf-8") if "\n" not in kubeconfig else kubeconfig
        config = yaml.safe_load(text)
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        return cls(cluster["server"], partial(_token, user), partial(_trust, cluster), upsert, patch_force)

    def apply(self, manifest: dict[str, Any], *, dry_run: bool = False) -> dict[str, Any]:
        """Apply an object on the server's side, and give it as it is then; a dry run changes nothing."""
        options = {"fieldManager": MANAGER, "fieldValidation": "Strict"}
        options |= {"force": "true"} if self.patch_force or dry_run else {}
        query = urllib.parse.urlencode(options | ({"dryRun": "All"} if dry_run else {}))
        return self._ask("PATCH", f"{self.path(manifest)}?{query}", manifest, "application/apply-patch+yaml")

    def create(self, manifest: dict[str, Any]) -> dict[str, Any]:
        """Make an object; one that is there already is an error, unless the provider may take it over."""
        if self.upsert:
            return self.apply(manifest)
        query = urllib.parse.urlencode({"fieldManager": MANAGER, "fieldValidation": "Strict"})
        return self._ask("POST", f"{self.path(manifest).rpartition('/')[0]}?{query}", manifest)

    def get(self, manifest: dict[str, Any]) -> dict[str, Any] | None:
        """Give an object as it is, None where it is not there."""
        try:
            return self._ask("GET", self.path(manifest))
        except ApiError as error:
            if error.status != 404:
                raise
            return None

    def delete(self, manifest: dict[str, Any]) -> None:
        """Ask for an object's end; that it is gone already is no error."""
        try:
            self._ask("DELETE", f"{self.path(manifest)}?propagationPolicy=Background")
        except ApiError as error:
            if error.status != 404:
                raise

    def path(self, manifest: dict[str, Any]) -> str:
        """Find an object's path by the API's discovery: an unknown kind is the server's 404."""
        version, metadata = manifest["apiVersion"], manifest["metadata"]
        base = f"/apis/{version}" if "/" in version else f"/api/{version}"
        kinds = {it["kind"]: it for it in self._ask("GET", base)["resources"] if "/" not in it["name"]}
        if manifest["kind"] not in kinds:
            raise ApiError(404, f"no matches for kind {manifest['kind']} in {version}")
        kind = kinds[manifest["kind"]]
        inside = f"/namespaces/{metadata.get('namespace') or 'default'}" if kind["namespaced"] else ""
        return f"{base}{inside}/{kind['name']}/{metadata['name']}"

    def _ask(self, method: str, path: str, body: Any = None, content: str = "application/json") -> dict[str, Any]:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.token()}", "Content-Type": content}
        request = urllib.request.Request(self.server + path, data=data, method=method, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=SECONDS, context=self.trust()) as answer:
                return dict(json.loads(answer.read()))
        except urllib.error.HTTPError as error:
            raise ApiError(error.code, _message(error.read()) or str(error.reason)) from None
        except OSError as error:
            raise ApiError(UNREACHED, f"cannot reach {self.server}: {error}") from None


def _token(user: dict[str, Any]) -> str:
    """Give a user's token, or ask the command that makes one."""
    if "token" in user:
        return str(user["token"])
    command = [user["exec"]["command"], *user["exec"]["args"]]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=True)
    return str(json.loads(done.stdout)["status"]["token"])


def _trust(cluster: dict[str, Any]) -> ssl.SSLContext:
    if "certificate-authority" in cluster:
        return ssl.create_default_context(cafile=cluster["certificate-authority"])
    return ssl.create_default_context(cadata=base64.b64decode(cluster["certificate-authority-data"]).decode())


def _message(body: bytes) -> str:
    try:
        return str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return ""

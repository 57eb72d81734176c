"""A cluster that a kubeconfig leads to; the one place that talks to an API server.

It is Kubernetes' own Python client, for its ways of logging in: certificates, tokens, commands such as EKS'.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import yaml

from seldon_infra.core.errors import ClusterNotReached, ClusterSilent, NotFound, NotPermitted, PartNotFound

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

ANSWER_SECONDS = 15.0
MERGE_PATCH = "application/merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"
JSON = "application/json"
OK, CREATED, UNAUTHORIZED, FORBIDDEN, MISSING = 200, 201, 401, 403, 404
EMPTY = 204
"""What the log of a container is that has not started."""


@dataclass(frozen=True)
class Cluster:
    """Somebody's way to an API server."""

    client: ApiClient
    name: str
    """The context's name."""

    def get(self, path: str, what: str, *, accept: str = JSON, seconds: float = ANSWER_SECONDS) -> Mapping[str, Any]:
        """Read one object.

        Args:
            path: its path at the API server: ``/api/v1/nodes``.
            what: the object in the user's words, for messages.
            accept: the form in which the API server should give it.
            seconds: how long it may take to connect, and again to answer.

        Raises:
            NotFound: it is not there.
            NotPermitted: who asks may not read it, or is not known.
            ClusterNotReached: there was no answer, or none that can be read.
        """
        return dict(json.loads(self._ask("GET", path, what, {"Accept": accept}, seconds=seconds)))

    def review(self, path: str, what: str, asked: Mapping[str, Any], seconds: float) -> Mapping[str, Any]:
        """Have the API server judge something, which leaves nothing there; it fails as :meth:`get` does."""
        return dict(json.loads(self._ask("POST", path, what, {"Accept": JSON, "Content-Type": JSON}, asked, seconds)))

    def text(self, path: str, what: str) -> str:
        """Read what is no object, such as a log; it fails as :meth:`get` does."""
        return self._ask("GET", path, what, {}).decode(errors="replace")

    def patch(self, path: str, what: str, change: Mapping[str, Any]) -> None:
        """Change fields of an object (a merge patch); it fails as :meth:`get` does."""
        self._ask("PATCH", path, what, {"Content-Type": MERGE_PATCH}, change)

    def apply(self, path: str, what: str, manifest: Mapping[str, Any]) -> Mapping[str, Any]:
        """Bring an object to a manifest (server-side apply), and give it as it is then; it fails as :meth:`get` does.

        Args:
            path: its path, with ``fieldManager`` in the query.
            what: the object in the user's words, for messages.
            manifest: what the field manager has to say of it: what it said before and does not say now goes.
        """
        headers = {"Content-Type": APPLY_PATCH, "Accept": JSON}
        return dict(json.loads(self._ask("PATCH", path, what, headers, json.dumps(manifest))))

    def call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        seconds: float = ANSWER_SECONDS,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, bytes]:
        """Ask what stands behind the API server, such as a pod; give the answer's status and body.

        Raises:
            ClusterSilent: no answer came in time, from the API server or from what stands behind it.
            ClusterNotReached: the API server cannot be reached.
        """
        told = {"Accept": "*/*", **({"Content-Type": JSON} if body is not None else {}), **(headers or {})}
        status, said, _ = self._send(method, path, told, body, seconds)
        return status, said

    def send(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> tuple[int, str]:
        """Send what changes something, or asks for it as a dry run; give the answer's status and what was said.

        Args:
            method: ``POST`` or ``DELETE``.
            path: path and query at the API server.
            body: the object, if any.

        Raises:
            ClusterNotReached: there was no answer.
        """
        status, said, _ = self._send(method, path, {"Accept": JSON, "Content-Type": JSON}, body, ANSWER_SECONDS)
        return status, _message(said)

    def _ask(
        self,
        method: str,
        path: str,
        what: str,
        headers: Mapping[str, str],
        body: Mapping[str, Any] | str | None = None,
        seconds: float = ANSWER_SECONDS,
    ) -> bytes:
        status, said, reason = self._send(method, path, headers, body, seconds)
        if status not in (OK, CREATED, EMPTY):
            raise self._refused(status, _message(said) or reason, what)
        return said

    def _send(
        self, method: str, path: str, headers: Mapping[str, str], body: Mapping[str, Any] | str | None, seconds: float
    ) -> tuple[int, bytes, str]:
        """Send one request; give the answer's status, body and reason."""
        from kubernetes.client.exceptions import ApiException
        from urllib3.exceptions import HTTPError, ReadTimeoutError

        try:
            method, url, complete, sent, *_ = self.client.param_serialize(
                method, path, header_params=dict(headers), body=body, auth_settings=["BearerToken"]
            )
            answer = self.client.call_api(method, url, complete, sent, _request_timeout=seconds)
            said: bytes = answer.read()  # type: ignore[no-untyped-call]
        except (ApiException, HTTPError, OSError) as error:
            # What only reads is asked several times, and the last error is the reason of another one.
            if isinstance(getattr(error, "reason", error), ReadTimeoutError):
                raise ClusterSilent(self.name, self.host, f"no answer within {seconds:g} s") from None
            raise ClusterNotReached(self.name, self.host, _reason(error)) from None
        return answer.status, said, str(answer.reason)

    @property
    def host(self) -> str:
        """Where the API server is."""
        return str(self.client.configuration.host)

    def _refused(self, status: int, said: str, what: str) -> NotFound | NotPermitted | ClusterNotReached:
        if status == MISSING:
            return NotFound(f"{what} is not on cluster '{self.name}': {said}; look with: kubectl get sdep -A")
        if status == UNAUTHORIZED:
            return NotPermitted(f"cluster '{self.name}' does not know who asks: {said}; log in again")
        if status == FORBIDDEN:
            return NotPermitted(f"{what} on cluster '{self.name}': {said}; ask for a Role with that verb and resource")
        return ClusterNotReached(self.name, self.host, said)


def cluster(context: str | None, kubeconfig: str | None = None) -> Cluster:
    """Find the way to a cluster.

    Args:
        context: a context of the kubeconfig; None takes its current one.
        kubeconfig: path of the kubeconfig, or its text; None takes ``$KUBECONFIG``, else ``~/.kube/config``.

    Raises:
        PartNotFound: Kubernetes' client is not installed.
        ClusterNotReached: there is no kubeconfig, or it has no such context.
    """
    require_client()
    from kubernetes import config
    from kubernetes.config.config_exception import ConfigException

    if kubeconfig is not None and is_text(kubeconfig):
        return _of_text(context, kubeconfig)
    # The client reads the variable when it is imported, which a program may have done before it is set.
    kubeconfig = kubeconfig or os.environ.get("KUBECONFIG")
    try:
        _, current = config.list_kube_config_contexts(kubeconfig)  # type: ignore[no-untyped-call]
        client = config.new_client_from_config(kubeconfig, context)  # type: ignore[no-untyped-call]
    except ConfigException as error:
        raise ClusterNotReached(context or "of the current context", "kubeconfig", str(error)) from None
    return Cluster(client, context or str(current["name"]))


def is_text(kubeconfig: str) -> bool:
    """Tell whether a kubeconfig is given by its text rather than by its path."""
    return "\n" in kubeconfig or kubeconfig.lstrip().startswith("{")


def _of_text(context: str | None, text: str) -> Cluster:
    from kubernetes import config
    from kubernetes.config.config_exception import ConfigException

    name = context or "of the current context"
    try:
        content = yaml.safe_load(text)
        client = config.new_client_from_config_dict(content, context)  # type: ignore[no-untyped-call]
        return Cluster(client, context or str(content["current-context"]))
    except (ConfigException, yaml.YAMLError, AttributeError, KeyError, TypeError) as error:
        raise ClusterNotReached(name, "kubeconfig", _reason(error)) from None


def require_client() -> None:
    """Raise PartNotFound where Kubernetes' client is not installed; it is not loaded yet."""
    if find_spec("kubernetes") is None:
        raise PartNotFound("Kubernetes' client", "run: pip install 'seldon-infra[cluster]'")


def _message(body: bytes) -> str:
    """Give what the API server said, or nothing where a proxy before it spoke."""
    try:
        return str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return ""


def _reason(error: Exception) -> str:
    """Say why there was no answer, in one line."""
    reason = getattr(error, "reason", None) or error
    line = next(iter(str(reason).splitlines()), type(error).__name__)
    # urllib3 begins with the connection as Python shows it.
    return re.sub(r"^\w+\(.*?\): ", "", line)

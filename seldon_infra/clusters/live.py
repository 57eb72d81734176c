"""A cluster that a kubeconfig leads to, read only; the one place that talks to an API server.

It is Kubernetes' own Python client, for its ways of logging in: certificates, tokens, commands such as EKS'.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seldon_infra.core.errors import ClusterNotReached, NotFound, NotPermitted, PartNotFound

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

ANSWER_SECONDS = 15.0
JSON = "application/json"
OK, UNAUTHORIZED, FORBIDDEN, MISSING = 200, 401, 403, 404


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
        from kubernetes.client.exceptions import ApiException
        from urllib3.exceptions import HTTPError

        try:
            method, url, headers, *_ = self.client.param_serialize(
                "GET", path, header_params={"Accept": accept}, auth_settings=["BearerToken"]
            )
            answer = self.client.call_api(method, url, headers, _request_timeout=seconds)
            text: bytes = answer.read()  # type: ignore[no-untyped-call]
        except (ApiException, HTTPError, OSError) as error:
            raise ClusterNotReached(self.name, self.host, _reason(error)) from None
        if answer.status != OK:
            raise self._refused(answer.status, _message(text) or str(answer.reason), what)
        return dict(json.loads(text))

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
        kubeconfig: path of the kubeconfig; None takes ``$KUBECONFIG``, else ``~/.kube/config``.

    Raises:
        PartNotFound: Kubernetes' client is not installed.
        ClusterNotReached: there is no kubeconfig, or it has no such context.
    """
    try:
        from kubernetes import config
        from kubernetes.config.config_exception import ConfigException
    except ImportError:
        raise PartNotFound("Kubernetes' client", "run: pip install 'seldon-infra[cluster]'") from None
    try:
        _, current = config.list_kube_config_contexts(kubeconfig)  # type: ignore[no-untyped-call]
        client = config.new_client_from_config(kubeconfig, context)  # type: ignore[no-untyped-call]
    except ConfigException as error:
        raise ClusterNotReached(context or "of the current context", "kubeconfig", str(error)) from None
    return Cluster(client, context or str(current["name"]))


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

"""The kubeconfig of a cluster at EKS: it holds no secret, and needs no AWS CLI."""

from __future__ import annotations

from seldon_infra.core.yaml import dump

COMMAND = "seldon-infra"
_HINT = "Logging in takes seldon-infra on PATH: pip install 'seldon-infra[aws]', or activate the project's .venv."


def kubeconfig(name: str, region: str, endpoint: str, certificate_authority: str) -> str:
    """Write a kubeconfig by which whoever has credentials of AWS, and an access entry, gets in.

    Args:
        name: the cluster's name.
        region: its region.
        endpoint: URL of its API.
        certificate_authority: the API's CA, base64.
    """
    login = {
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "command": COMMAND,
        "args": ["eks-token", "--cluster", name, "--region", region],
        "interactiveMode": "Never",
        "provideClusterInfo": False,
        "installHint": _HINT,
    }
    return dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {"name": name, "cluster": {"server": endpoint, "certificate-authority-data": certificate_authority}}
            ],
            "users": [{"name": name, "user": {"exec": login}}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
            "current-context": name,
        }
    )

"""Grafana's dashboards as files: for import by hand, and as ConfigMaps for the sidecar of Grafana's chart."""

from __future__ import annotations

from collections.abc import Mapping

from seldon_infra.core.errors import PartNotFound
from seldon_infra.graph.render_values import Manifest
from seldon_infra.monitoring.dashboards import panels

_LABEL = {"grafana_dashboard": "1"}
"""What the sidecar looks for, in all namespaces. Source: grafana.sidecar.dashboards of chart kube-prometheus-stack."""


def files() -> Mapping[str, str]:
    """Give every dashboard by its file's name.

    Raises:
        PartNotFound: Grafana's builders are not installed.
    """
    try:
        from seldon_infra.monitoring.dashboards.grafana import written
    except ImportError:
        raise PartNotFound("grafana-foundation-sdk", "run: pip install 'seldon-infra[cluster]'") from None
    return {f"seldon-{shown.name}.json": written(shown) for shown in panels.ALL}


def config_maps(namespace: str) -> list[Manifest]:
    """Give a ConfigMap for each."""
    return [
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {
                "name": f"{name.removesuffix('.json')}-dashboard",
                "namespace": namespace,
                "labels": dict(_LABEL),
            },
            "data": {name: text},
        }
        for name, text in files().items()
    ]

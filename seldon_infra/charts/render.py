"""The inputs of a release: ``kubernetes:helm.sh/v3:Release``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seldon_infra.charts.spec import Chart

INSTALL_SECONDS = 600
"""How long a chart's pods may take to be ready: they fetch images first."""


def release(chart: Chart, name: str, namespace: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Give the inputs of a release.

    Its namespace has another owner, so that destroying the release never takes the namespace's other objects along. An
    installation that fails is undone, so that the next one finds its name free.
    """
    source = {} if chart.repository is None else {"repository_opts": {"repo": chart.repository}}
    version = {} if chart.version is None else {"version": chart.version}
    return {
        "name": name,
        "namespace": namespace,
        "chart": chart.name,
        **version,
        **source,
        "values": dict(values),
        "create_namespace": False,
        "atomic": True,
        "timeout": INSTALL_SECONDS,
    }


def over(rendered: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Put a user's values over rendered ones: mappings are merged, all else is replaced, as Helm does it."""
    result = dict(rendered)
    for key, value in values.items():
        below = result.get(key)
        both = isinstance(below, Mapping) and isinstance(value, Mapping)
        result[key] = over(below, value) if both else value  # type: ignore[arg-type]
    return result


def paths(values: Mapping[str, Any], above: str = "") -> list[str]:
    """Name every value by its path: ``executor.resources.cpuLimit``."""
    found: list[str] = []
    for key, value in values.items():
        path = f"{above}{key}"
        found += paths(value, f"{path}.") if isinstance(value, Mapping) and value else [path]
    return found

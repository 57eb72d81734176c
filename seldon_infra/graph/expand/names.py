"""Names and labels of what the operator makes. Source: seldondeployment_types.go, labels.go of the operator 1.17.1."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

LONGEST = 63
ID, APP = "seldon-deployment-id", "seldon-app"
MANAGED = {"app.kubernetes.io/managed-by": "seldon-core"}
_TYPE_LABELS = {
    "ROUTER": "seldon.io/router",
    "COMBINER": "seldon.io/combiner",
    "MODEL": "seldon.io/model",
    "TRANSFORMER": "seldon.io/transformer",
    "OUTPUT_TRANSFORMER": "seldon.io/output-transformer",
}


def hashed(name: str) -> str:
    """A name as it is, or a hash of it where it is longer than a label may be."""
    digest = hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()
    return name if len(name) <= LONGEST else f"seldon-{digest}"


def cut(name: str) -> str:
    """A name cut to what a label may be."""
    return name[:LONGEST].removesuffix("-")


def service_of(deployment: str, predictor: Mapping[str, Any]) -> str:
    """The Service of a predictor."""
    own = (predictor.get("annotations") or {}).get("seldon.io/svc-name")
    return str(own) if own is not None else hashed(f"{deployment}-{predictor['name']}")


def deployment_of(deployment: str, predictor: str, index: int, containers: Sequence[str]) -> str:
    """The Deployment of a componentSpec."""
    return hashed(f"{deployment}-{predictor}-{index}-{'-'.join(containers)}")


def container_service(deployment: str, predictor: str, container: str) -> str:
    """The Service of a node's container."""
    return hashed(f"{deployment}-{predictor}-{container}")


def type_labels(unit: Mapping[str, Any], predictor: Mapping[str, Any]) -> dict[str, str]:
    """Labels that say what a node is."""
    kind = "MODEL" if is_prepackaged(unit) else unit.get("type")
    label = {_TYPE_LABELS[str(kind)]: "true"} if kind in _TYPE_LABELS else {}
    shadow = {"seldon.io/shadow": "true"} if predictor.get("shadow") else {}
    return {**label, **shadow, **MANAGED}


def is_prepackaged(unit: Mapping[str, Any]) -> bool:
    """Whether a node is one of the servers that the chart has images of."""
    return str(unit.get("implementation", "")).endswith("_SERVER")


def units(unit: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Every node of a graph, each before its children."""
    yield unit
    for child in unit.get("children", ()):
        yield from units(child)

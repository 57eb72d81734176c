"""Who a field of an object on a cluster belongs to, as the API server's own record says: ``metadata.managedFields``.

Source: Kubernetes' documentation of server-side apply: an entry per manager with the fields that it set, ``f:NAME`` for
a field, ``k:{…}`` for an item of a list by its keys, ``v:…`` by its value, ``i:N`` by its place; nothing below a field
means all of it. A manager that names itself nothing else is called by its program: Seldon's operator is ``/manager``
(ENTRYPOINT of operator/Dockerfile of SeldonIO/seldon-core), the autoscaler is part of ``kube-controller-manager``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from seldon_infra.core.changes import Named, Part, Path

OPERATORS = {
    "manager": "an operator, such as Seldon's",
    "seldon-controller-manager": "Seldon's operator",
    "cert-manager-cainjector": "cert-manager",
    "cainjector": "cert-manager",
    "kube-controller-manager": "Kubernetes' own controllers",
    "pilot-discovery": "Istio",
}
"""Programs that change what others declared, as their work; what they own is no drift."""
AUTOSCALERS = frozenset({"kube-controller-manager", "keda", "keda-operator", "horizontal-pod-autoscaler"})
"""Programs that write the subresource ``scale``."""


@dataclass(frozen=True)
class Manager:
    """Who set a field, and when."""

    name: str
    operation: str
    """``Apply`` or ``Update``."""
    time: str
    subresource: str = ""

    @property
    def is_autoscaler(self) -> bool:
        """Whether it sets numbers of pods as its work; `kubectl scale` takes the same way, and is somebody."""
        return self.subresource == "scale" and self.name in AUTOSCALERS

    @property
    def is_the_engine(self) -> bool:
        """Whether it is Pulumi's provider, which calls itself ``pulumi-kubernetes-…``."""
        return self.name.startswith("pulumi-")

    @property
    def operator(self) -> str | None:
        """The operator in words, None where a person or a pipeline set the field."""
        return OPERATORS.get(self.name)


def last_manager(live: Mapping[str, Any], path: Path) -> Manager | None:
    """Find who set a field last; None where nobody manages it, such as one that is gone."""
    return max(managers(live, path), key=lambda manager: manager.time, default=None)


def last_writer(live: Mapping[str, Any]) -> Manager | None:
    """Find who set anything of an object last, its status left aside."""
    entries = (entry for entry in _entries(live) if entry.get("subresource") != "status")
    return max(map(_manager, entries), key=lambda manager: manager.time, default=None)


def managers(live: Mapping[str, Any], path: Path) -> Iterator[Manager]:
    """Give all who manage a field."""
    return (_manager(entry) for entry in _entries(live) if _covers(entry.get("fieldsV1") or {}, live, path))


def _entries(live: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    found = (live.get("metadata") or {}).get("managedFields")
    return found if isinstance(found, list) else ()


def _manager(entry: Mapping[str, Any]) -> Manager:
    return Manager(
        str(entry.get("manager", "")),
        str(entry.get("operation", "")),
        str(entry.get("time", "")),
        str(entry.get("subresource", "")),
    )


def _covers(fields: Mapping[str, Any], live: Any, path: Path) -> bool:
    """Follow a path down a manager's fields and down the object at the same time."""
    for part in path:
        item = _below(live, part)
        key = next((key for key in fields if _leads_to(key, part, item, live)), None)
        if key is None:
            return False
        fields, live = fields[key], item
        if not set(fields) - {"."}:
            return True
    return True


def _leads_to(key: str, part: Part, item: Any, items: Any) -> bool:
    """Tell whether a manager's field is this part of a path; an item of a list is known by what it holds."""
    if isinstance(part, str):
        return key == f"f:{part}"
    how, _, text = key.partition(":")
    match how:
        case "k":
            return isinstance(item, Mapping) and json.loads(text).items() <= item.items()
        case "v":
            return bool(json.loads(text) == item)
        case "i":
            return isinstance(items, list) and int(text) < len(items) and items[int(text)] is item
    return False


def _below(live: Any, part: Part) -> Any:
    if isinstance(part, str):
        return live.get(part) if isinstance(live, Mapping) else None
    items = live if isinstance(live, list) else []
    if isinstance(part, Named):
        return next((item for item in items if isinstance(item, Mapping) and item.get("name") == part.name), None)
    return items[part] if part < len(items) else None

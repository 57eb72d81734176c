"""Numbers of pods that an autoscaler decides: they are never drift.

An autoscaler is known by the object that asks for it, a HorizontalPodAutoscaler or KEDA's ScaledObject, by the part of
a SeldonDeployment that makes the operator set one up (``hpaSpec``, ``kedaSpec``), and by who wrote the number last.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from seldon_infra.core.changes import Path, value_at
from seldon_infra.drift.owners import Manager

REPLICAS = "replicas"
AUTOSCALERS = ("hpaSpec", "kedaSpec")
Target = tuple[str, str]
"""Kind and name of what an autoscaler sets."""


def is_autoscaled(path: Path, object_: Target, live: Mapping[str, Any], targets: Iterable[Target]) -> bool:
    """Tell whether a field is a number of pods that an autoscaler decides.

    Args:
        path: the field.
        object_: kind and name of its object.
        live: the object, as declared or as it is: both have the same autoscalers but for a change by hand.
        targets: what the namespace's autoscalers set.
    """
    if path[-1:] != (REPLICAS,):
        return False
    if path == ("spec", REPLICAS):
        return object_ in set(targets) or (object_[0] == "SeldonDeployment" and _all_scaled(_predictors(live)))
    return _scales_itself(value_at(live, path[:-1]))


def written_by_autoscaler(path: Path, manager: Manager | None) -> bool:
    """Tell whether an autoscaler wrote a number of pods last."""
    return path[-1:] == (REPLICAS,) and manager is not None and manager.is_autoscaler


def scaled(autoscalers: Iterable[Mapping[str, Any]]) -> Iterator[Target]:
    """Give what autoscalers set; KEDA's may leave the kind out, which is then a Deployment."""
    for each in autoscalers:
        target = (each.get("spec") or {}).get("scaleTargetRef") or {}
        yield str(target.get("kind") or "Deployment"), str(target.get("name"))


def _scales_itself(owner: object) -> bool:
    """Tell whether a component has an autoscaler of its own, or all components of a predictor have."""
    if not isinstance(owner, Mapping):
        return False
    components = owner.get("componentSpecs") or ()
    return any(owner.get(kind) for kind in AUTOSCALERS) or _all_scaled(components)


def _all_scaled(owners: Sequence[object]) -> bool:
    return bool(owners) and all(map(_scales_itself, owners))


def _predictors(live: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return (live.get("spec") or {}).get("predictors") or ()

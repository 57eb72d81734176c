"""How pods are locked up: security contexts, scratch space, what containers use where nothing is said.

Shared by the pods of SeldonDeployments and by those of model servers without Seldon's operator.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from seldon_infra.core.model import Later, known
from seldon_infra.graph.render_values import Manifest, as_text, given, resources
from seldon_infra.graph.spec import ContainerSecurity, PodSecurity, Resources
from seldon_infra.servers.needs import NOTHING, ROOT_GROUP, SCRATCH, Needs
from seldon_infra.servers.spec import LAST_APACHE_CORE

SCRATCH_VOLUME, SHARED_MEMORY_VOLUME = "scratch", "shared-memory"
MODEL_PATH = "/mnt/models"
INITIALIZER_IMAGE = f"seldonio/rclone-storage-initializer:{LAST_APACHE_CORE}"
USED: Manifest = {
    "limits": {"cpu": "2", "memory": "4Gi", "ephemeral-storage": "12Gi"},
    "requests": {"cpu": "500m", "memory": "1Gi", "ephemeral-storage": "1Gi"},
}
"""What a container asks for and may use where its definition says nothing."""
USED_BY_INITIALIZER: Manifest = {
    "limits": {"cpu": "1", "memory": "1Gi", "ephemeral-storage": "12Gi"},
    "requests": {"cpu": "100m", "memory": "100Mi", "ephemeral-storage": "1Gi"},
}
"""As the operator's chart has it, and local disk. Source: storageInitializer of the chart's values."""
USED_BY_ORCHESTRATOR: Manifest = {
    "limits": {"cpu": "500m", "memory": "512Mi", "ephemeral-storage": "1Gi"},
    "requests": {"cpu": "500m", "memory": "512Mi", "ephemeral-storage": "100Mi"},
}
"""As the operator's chart has it, and local disk. Source: executor.resources of the chart's values."""
_PVC = "pvc://"
_PVC_VOLUME, _PVC_PATH = "kfserving-pvc-source", "/mnt/pvc"
_LONGEST_NAME = 63

Security = PodSecurity | ContainerSecurity


def pod_context(security: PodSecurity, root_group: bool) -> Manifest:
    """PodSecurityContext: for every container that has none of its own, the operator's included."""
    return given(
        {
            "runAsUser": security.run_as_user,
            "runAsGroup": security.run_as_group,
            "runAsNonRoot": security.run_as_non_root,
            "supplementalGroups": [ROOT_GROUP] if root_group else [],
            "seccompProfile": {"type": security.seccomp},
        }
    )


def container_context(security: Security, needs: Needs = NOTHING) -> Manifest:
    """SecurityContext of a container: no rights, and no writing but to its scratch space."""
    return {
        "allowPrivilegeEscalation": security.privilege_escalation,
        "capabilities": given({"drop": ["ALL"], "add": list(security.capabilities)}),
        "readOnlyRootFilesystem": security.read_only_root and not needs.writable_root,
    }


def whole_context(security: Security, needs: Needs = NOTHING) -> Manifest:
    """SecurityContext of a container that says everything itself, whatever its pod says."""
    return {
        "runAsUser": security.run_as_user,
        "runAsGroup": security.run_as_group,
        "runAsNonRoot": security.run_as_non_root,
        "seccompProfile": {"type": security.seccomp},
        **container_context(security, needs),
    }


def filled_resources(spec: Resources | None, used: Manifest = USED) -> Manifest:
    """ResourceRequirements without a gap: an amount on one side holds for both, one on neither is the default."""
    rendered = resources(spec)
    limits, requests = rendered.get("limits", {}), rendered.get("requests", {})
    names = tuple(used["requests"])
    return {
        "limits": {**used["limits"], **_of(names, requests), **limits},
        "requests": {**used["requests"], **_of(names, limits), **requests},
    }


def _of(names: Sequence[str], amounts: Mapping[str, Any]) -> Manifest:
    return {name: amount for name, amount in amounts.items() if name in names}


def locked_container(name: str, security: PodSecurity) -> Manifest:
    """What a container is locked up with of which nothing but its name is known, such as a proxy of the user's own."""
    return {
        "name": name,
        "resources": filled_resources(None),
        "imagePullPolicy": security.image_pull_policy,
        "volumeMounts": scratch_mounts(name),
        "securityContext": container_context(security),
    }


def scratch_mounts(name: str, needs: Needs = NOTHING) -> list[Manifest]:
    """VolumeMounts of what a container may write to; each has a folder of its own."""
    shared = [{"name": SHARED_MEMORY_VOLUME, "mountPath": "/dev/shm"}] if needs.shared_memory else []
    return [{"name": SCRATCH_VOLUME, "mountPath": SCRATCH, "subPath": name}, *shared]


def scratch_volumes(security: PodSecurity, shared_memory: bool) -> list[Manifest]:
    """Volumes of what a pod may write to."""
    memory = {"medium": "Memory", "sizeLimit": as_text(security.shared_memory)}
    shared = [{"name": SHARED_MEMORY_VOLUME, "emptyDir": memory}] if shared_memory else []
    return [{"name": SCRATCH_VOLUME, "emptyDir": {"sizeLimit": as_text(security.scratch)}}, *shared]


def initializer(
    container: str, uri: Later[str], image: Later[str] | None, secret: Later[str] | None, security: PodSecurity
) -> Manifest:
    """The init container that fetches a model, by the name that keeps Seldon's operator from adding its own.

    Source: InjectModelInitializer of the operator 1.17.1.
    """
    return given(
        {
            "name": _cut(f"{container}-model-initializer"),
            "image": image or INITIALIZER_IMAGE,
            "imagePullPolicy": security.image_pull_policy,
            "args": [source_of(uri), MODEL_PATH],
            "envFrom": [{"secretRef": {"name": secret}}] if secret is not None else [],
            "resources": USED_BY_INITIALIZER,
            "volumeMounts": [
                {"name": model_volume_name(container), "mountPath": MODEL_PATH},
                {"name": SCRATCH_VOLUME, "mountPath": SCRATCH, "subPath": _cut(f"{container}-model-initializer")},
                *claim_mounts(uri),
            ],
            "securityContext": container_context(security),
        }
    )


def model_mounts(container: str, uri: Later[str]) -> list[Manifest]:
    """VolumeMounts of a container's model."""
    return [{"name": model_volume_name(container), "mountPath": MODEL_PATH, "readOnly": True}, *claim_mounts(uri)]


def model_volumes(container: str, uri: Later[str], size: Later[str | int]) -> list[Manifest]:
    """Volumes of a model: the place where it lands, and the claim that it comes from."""
    return [
        {"name": model_volume_name(container), "emptyDir": {"sizeLimit": as_text(size)}},
        *claim_volumes(uri),
    ]


def claim_volumes(uri: Later[str]) -> list[Manifest]:
    """The volume of the claim that a model comes from, where it comes from one."""
    claim = _claim(uri)
    source = {"claimName": claim[0], "readOnly": True} if claim else {}
    return [{"name": _PVC_VOLUME, "persistentVolumeClaim": source}] if claim else []


def model_volume_name(container: str) -> str:
    """Name the volume of a container's model, as the operator names it."""
    return _cut(f"{container}-provision-location")


def _claim(uri: Later[str]) -> tuple[str, str] | None:
    """Take ``pvc://CLAIM/PATH`` apart; one that comes later is not seen, its volume must be there before."""
    text = known(uri)
    if text is None or not text.startswith(_PVC):
        return None
    claim, _, path = text.removeprefix(_PVC).partition("/")
    return claim, path


def source_of(uri: Later[str]) -> Any:
    """Where a model comes from, as a container sees it: a path of its claim, else the URI itself."""
    claim = _claim(uri)
    return f"{_PVC_PATH}/{claim[1]}" if claim else uri


def claim_mounts(uri: Later[str]) -> list[Manifest]:
    """The mount of the claim that a model comes from, where it comes from one."""
    return [{"name": _PVC_VOLUME, "mountPath": _PVC_PATH, "readOnly": True}] if _claim(uri) else []


def _cut(name: str) -> str:
    return name[:_LONGEST_NAME].removesuffix("-")

"""Rules about how GPUs are shared, what software serves them, and what adds nodes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from seldon_infra.core.model import title
from seldon_infra.core.names import is_dns_label, is_label_value, is_qualified_name
from seldon_infra.core.problems import ARROW, Problem
from seldon_infra.core.quantity import parse_duration, parse_quantity
from seldon_infra.eks.gpu_software.spec import (
    ClusterAutoscaler,
    GpuOperator,
    Karpenter,
    Mig,
    Mps,
    NodePool,
    TimeSlicing,
)
from seldon_infra.eks.images import INSTANCE_TYPE, architecture
from seldon_infra.eks.instance_types import GPUS, Gpu, find
from seldon_infra.eks.offers import pools_of
from seldon_infra.eks.rules.forms import has_form, only_once
from seldon_infra.eks.spec import EksCluster, GpuNodes

_MOST_MPS = 48
"""Clients that one GPU serves by MPS. Source: NVIDIA's MPS guide, "Volta MPS"."""
_MOST_TURNS = 64
_QUEUE = re.compile(r"[\w-]{1,80}\Z", re.ASCII)
_GIB = 2**30
_SMALLEST_DISK = 20


def gpus_can_be_shared_so(cluster: EksCluster) -> Iterator[Problem]:
    """A way of sharing is one that the GPUs of the group have."""
    for group in cluster.node_groups:
        if not isinstance(group, GpuNodes):
            continue
        path = f"{title(cluster)}{ARROW}{title(group)}"
        match group.sharing:
            case TimeSlicing() | Mps() as sharing:
                most = _MOST_MPS if isinstance(sharing, Mps) else _MOST_TURNS
                if not 2 <= sharing.replicas <= most:
                    got = f"sharing by {sharing.noun} with replicas {sharing.replicas}"
                    yield Problem(path, got, f"must be 2 to {most}", "write replicas=4, or remove sharing")
            case Mig() as sharing:
                yield from _profile(path, group, sharing)


def _profile(path: str, group: GpuNodes, sharing: Mig) -> Iterator[Problem]:
    """All types of a group have the profile."""
    for name in group.instance_types:
        machine = find(name)
        if machine is None or machine.gpu is None or sharing.profile in machine.gpu.mig:
            continue
        gpu, got = machine.gpu, f"sharing by MIG profile '{sharing.profile}' on '{name}'"
        if gpu.mig:
            want = f"must be one that its {gpu.name} has: {', '.join(gpu.mig)}"
            yield Problem(path, got, want, f"write Mig(profile='{_nearest(sharing.profile, gpu)}')")
        else:
            able = ", ".join(dict.fromkeys(it.name for it in GPUS if it.mig))
            want = f"must be on a GPU that can be divided, which its {gpu.name} can't: {able}"
            yield Problem(path, got, want, "write TimeSlicing(replicas=4), or another instance type")


def _nearest(profile: str, gpu: Gpu) -> str:
    """The profile with as many units, else the smallest."""
    return next((it for it in gpu.mig if it.partition("g")[0] == profile.partition("g")[0]), next(iter(gpu.mig)))


def plugin_can_divide(cluster: EksCluster) -> Iterator[Problem]:
    """MIG needs somebody who divides GPUs when a node comes."""
    divided = [it for it in cluster.node_groups if isinstance(it, GpuNodes) and isinstance(it.sharing, Mig)]
    said = cluster.gpu_software
    if divided and said is not None and said.plugin is not None and not isinstance(said.plugin, GpuOperator):
        got = f"{title(divided[0])} share by MIG, with the device plugin alone"
        want = "must have the GPU operator, which divides GPUs"
        yield Problem(f"{title(cluster)}{ARROW}{said.noun}", got, want, "write plugin=GpuOperator(), or leave it out")


def software_has_a_place(cluster: EksCluster) -> Iterator[Problem]:
    """The namespace of GPU software is one of its own."""
    said = cluster.gpu_software
    if said is None:
        return
    path = f"{title(cluster)}{ARROW}{said.noun}"
    if not is_dns_label(said.namespace) or said.namespace.startswith("kube-") or said.namespace == "default":
        want = "must be a DNS label, and no namespace of Kubernetes' own"
        yield Problem(path, f"namespace '{said.namespace}'", want, "write namespace='gpu-system'")


def autoscaler_is_whole(cluster: EksCluster) -> Iterator[Problem]:
    """An autoscaler may change something, and waits for a duration."""
    autoscaler = cluster.autoscaler
    if isinstance(autoscaler, ClusterAutoscaler):
        path = f"{title(cluster)}{ARROW}{autoscaler.noun}"
        yield from _idle(path, autoscaler.idle)
        if all(it.scaling.minimum == it.scaling.maximum for it in cluster.node_groups):
            got, want = "all node groups have one size", "must have one whose minimum is below its maximum"
            yield Problem(path, got, want, "lower minimum, or remove autoscaler")
    if isinstance(autoscaler, Karpenter):
        path = f"{title(cluster)}{ARROW}{autoscaler.noun}"
        if not autoscaler.pools:
            want = "must have one, from which it starts machines"
            yield Problem(
                path, "pools is empty", want, "add NodePool(name='l4', instance_types=('g6.xlarge',), maximum=4)"
            )
        yield from only_once(path, "pools", [it.name for it in autoscaler.pools])
        if all(it.policies for it in cluster.node_groups):
            got, want = (
                "all node groups have policies of their own",
                "must have one without, whose role its machines take",
            )
            yield Problem(path, got, want, "remove policies of the group that is never empty, or use pod identities")


def queue_is_a_name(cluster: EksCluster) -> Iterator[Problem]:
    """Karpenter finds its queue by name, in the cluster's region and account."""
    if isinstance(cluster.autoscaler, Karpenter) and (queue := cluster.autoscaler.interruption_queue) is not None:
        path = f"{title(cluster)}{ARROW}{cluster.autoscaler.noun}"
        yield from has_form(path, "interruption_queue", queue, _QUEUE, "karpenter-prod")


def pools_are_whole(cluster: EksCluster) -> Iterator[Problem]:
    """A pool's machines are known by name, of one architecture, and all with GPUs or none."""
    for pool in pools_of(cluster):
        path = f"{title(cluster)}{ARROW}{title(pool)}"
        if not is_dns_label(pool.name):
            want = "must be a DNS label: at most 63 of a-z, 0-9 and '-'"
            yield Problem(path, f"name '{pool.name}'", want, "write name='l4'")
        if pool.maximum < 1:
            yield Problem(path, f"maximum {pool.maximum}", "must be 1 or more", "write maximum=1")
        yield from _idle(path, pool.idle)
        yield from _types(path, pool)
        yield from _labels_and_disk(path, pool)


def _types(path: str, pool: NodePool) -> Iterator[Problem]:
    if not pool.instance_types:
        yield Problem(path, "instance_types is empty", "must have one", "write instance_types=('g6.xlarge',)")
    yield from only_once(path, "instance_types", pool.instance_types)
    for name in pool.instance_types:
        yield from has_form(path, "instance_types", name, INSTANCE_TYPE, "g6.xlarge")
    if len({architecture(name) for name in pool.instance_types if INSTANCE_TYPE.match(name)}) > 1:
        want = "must be of one architecture, which models are built for"
        yield Problem(path, "instance_types has x86_64 and arm64", want, "make two pools of it")
    models = {it.gpu.name if it.gpu else "no GPU" for it in map(find, pool.instance_types) if it}
    if len(models) > 1:
        got = f"instance_types has {' and '.join(sorted(models))}"
        yield Problem(path, got, "must be of one class of GPUs", "make a pool for each")


def _labels_and_disk(path: str, pool: NodePool) -> Iterator[Problem]:
    size = parse_quantity(pool.disk)
    if size is None or size % _GIB or size < _SMALLEST_DISK * _GIB:
        want = f"must be whole GiB, {_SMALLEST_DISK}Gi or more"
        yield Problem(path, f"disk '{pool.disk}'", want, "write disk='200Gi'")
    for key, value in pool.labels.items():
        if not is_qualified_name(key) or not is_label_value(value):
            want = "must have a key like 'team' or 'acme.io/team', and at most 63 letters, digits, '-', '_' and '.'"
            yield Problem(path, f"label '{key}={value}'", want, "write it so")


def _idle(path: str, idle: str) -> Iterator[Problem]:
    if parse_duration(idle) is None:
        yield Problem(path, f"idle '{idle}'", "must be a duration", "write idle='10m'")


RULES = (
    gpus_can_be_shared_so,
    plugin_can_divide,
    software_has_a_place,
    autoscaler_is_whole,
    queue_is_a_name,
    pools_are_whole,
)

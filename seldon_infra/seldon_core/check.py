"""Rules about the operator, and about deployments that it is to see to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seldon_infra.charts.render import paths
from seldon_infra.core.model import is_later, known, title
from seldon_infra.core.names import is_dns_label, is_image_reference, is_label_value
from seldon_infra.core.problems import ARROW, Problem, gather
from seldon_infra.core.quantity import parse_duration, parse_quantity
from seldon_infra.graph.rules.place import below, nodes_in, predictors
from seldon_infra.servers.licence import is_version, licence_problems
from seldon_infra.servers.spec import LAST_APACHE_CORE, LAST_APACHE_EXPLAINER

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from seldon_infra.graph.spec import SeldonDeployment
    from seldon_infra.seldon_core.spec import SeldonCore

_AMOUNTS = ("cpu_request", "cpu_limit", "memory_request", "memory_limit")
_PARTS = ("executor", "storage_initializer", "operator")
FIELDS = {
    "istio": "ingress=Istio(…) in Kubernetes",
    "ambassador": "ingress=Ambassador(…) in Kubernetes",
    "keda.enabled": "keda",
    "certManager.enabled": "webhook_certificate",
    "controllerId": "controller_id",
    "defaultUserID": "default_user",
    "executor.image": "executor.image",
    "executor.resources": "cpu_limit, memory_limit, … in executor",
    "executor.prometheus.path": "executor.prometheus_path",
    "executor.user": "executor.user",
    "executor.requestLogger": "executor.request_logger",
    "executor.fullHealthChecks": "executor.full_health_checks",
    "manager.cpuLimit": "operator.cpu_limit",
    "manager.cpuRequest": "operator.cpu_request",
    "manager.memoryLimit": "operator.memory_limit",
    "manager.memoryRequest": "operator.memory_request",
    "manager.logLevel": "operator.log_level",
    "singleNamespace": "single_namespace",
    "storageInitializer": "storage_initializer",
    "usageMetrics.enabled": "usage_metrics",
    "webhook.port": "webhook_port",
    "predictor_servers": "servers",
    "crd.create": "crd",
    "explainer.image": "explainer_image",
    "explainer.image_v2": "explainer_image_v2",
}
"""Paths in the chart's values, and the field that each is written by."""
_EXPLAINER_V2 = "seldonio/mlserver:"


def check(core: SeldonCore) -> list[Problem]:
    """Find every problem of the operator's own definition."""
    return list(gather(rule(core) for rule in RULES))


def check_together(core: SeldonCore, deployments: Sequence[SeldonDeployment]) -> list[Problem]:
    """Find deployments that this operator would not see to, or not as they are declared."""
    return list(gather(rule(core, deployment) for deployment in deployments for rule in DEPLOYMENT_RULES))


def licence_is_chosen(core: SeldonCore) -> Iterator[Problem]:
    """Code under BSL-1.1 is an explicit choice, in the operator and in the images that it is told to use."""
    yield from licence_problems(title(core), "version", core.version, core.licence, LAST_APACHE_CORE)
    for field, image in _images(core):
        repository, _, tag = image.partition("@")[0].rpartition(":")
        last = LAST_APACHE_EXPLAINER if f"{repository}:".endswith(_EXPLAINER_V2) else LAST_APACHE_CORE
        version = tag.partition("-")[0]
        if repository.removeprefix("docker.io/").startswith("seldonio/") and is_version(version):
            yield from licence_problems(title(core), f"{field} version", version, core.licence, last)


def names_are_kubernetes(core: SeldonCore) -> Iterator[Problem]:
    """A namespace is a DNS label, an id the value of a label."""
    if not is_dns_label(core.namespace):
        want = "must be a DNS label: at most 63 of a-z, 0-9 and '-'"
        yield Problem(title(core), f"namespace '{core.namespace}'", want, "write namespace='seldon-system'")
    if core.controller_id is not None and not (core.controller_id and is_label_value(core.controller_id)):
        got, want = f"controller_id '{core.controller_id}'", "must be at most 63 letters, digits, '-', '_' and '.'"
        yield Problem(title(core), got, want, "write controller_id='team-a'")


def images_can_be_read(core: SeldonCore) -> Iterator[Problem]:
    """An image has a tag or a digest: what it is today it shall be tomorrow."""
    for field, image in _images(core):
        name, _, digest = image.partition("@")
        tagged = ":" in name.rpartition("/")[2]
        if not is_image_reference(name) or not (tagged or digest.startswith("sha256:")):
            fix = f"write {field.rpartition('.')[2]}='registry/name:tag'"
            yield Problem(title(core), f"{field} '{image}'", "must be an image with a tag or a digest", fix)


def amounts_can_be_read(core: SeldonCore) -> Iterator[Problem]:
    """Amounts are Kubernetes' quantities, and what is kept is no more than what is allowed."""
    for part in _PARTS:
        for name in _AMOUNTS if (owner := getattr(core, part)) else ():
            amount = getattr(owner, name)
            if amount is not None and parse_quantity(amount) is None:
                fix = f"write {name}='{'500m' if name.startswith('cpu') else '512Mi'}'"
                yield Problem(title(core), f"{part}.{name} '{amount}'", "must be an amount of Kubernetes", fix)


def logger_can_be_read(core: SeldonCore) -> Iterator[Problem]:
    """The queue has a size and a patience."""
    logger = core.executor.request_logger if core.executor else None
    if logger is None:
        return
    yield from below(title(core), "executor.request_logger.queue_size", logger.queue_size, 1)
    if logger.write_timeout is not None and not parse_duration(logger.write_timeout):
        got = f"executor.request_logger.write_timeout '{logger.write_timeout}'"
        yield Problem(title(core), got, "must be a duration of a millisecond or more", "write write_timeout='2s'")


def servers_differ(core: SeldonCore) -> Iterator[Problem]:
    """A server has one image per protocol."""
    seen: set[tuple[str, str]] = set()
    for server in core.servers:
        key = (server.implementation, server.protocol)
        if key in seen:
            got = f"servers has '{server.implementation}' for protocol '{server.protocol}' twice"
            yield Problem(title(core), got, "must have it once", "remove one of them")
        seen.add(key)


def values_have_no_field(core: SeldonCore) -> Iterator[Problem]:
    """What has a field is given by it, where it is checked."""
    for path in paths(core.values):
        field = next((FIELDS[owner] for owner in FIELDS if f"{path}.".startswith(f"{owner}.")), None)
        if field is not None:
            want = "must be given by its field, where it is checked"
            yield Problem(title(core), f"values {path}", want, f"remove it from values and write {field}")


def controller_is_the_same(core: SeldonCore, deployment: SeldonDeployment) -> Iterator[Problem]:
    """An operator with an id sees to deployments with that id, one without to those without."""
    theirs = known(deployment.controller_id)
    unknown = is_later(deployment.controller_id) or (core.existing and core.controller_id is None)
    if unknown or theirs == core.controller_id:
        return
    said = "not set" if core.controller_id is None else f"'{core.controller_id}'"
    fix = "remove controller_id" if core.controller_id is None else f"write controller_id='{core.controller_id}'"
    got = "controller_id is not set" if theirs is None else f"controller_id '{theirs}'"
    want = f"must be that of the stack's SeldonCore, which is {said}: the operator passes over all others"
    yield Problem(title(deployment), got, want, fix)


def namespace_is_seen(core: SeldonCore, deployment: SeldonDeployment) -> Iterator[Problem]:
    """An operator of one namespace sees no other."""
    namespace = known(deployment.namespace)
    if core.single_namespace and namespace is not None and namespace != core.namespace:
        want = f"must be '{core.namespace}': SeldonCore(single_namespace=True) sees to its own namespace alone"
        fix = f"write namespace='{core.namespace}', or remove single_namespace"
        yield Problem(title(deployment), f"namespace '{namespace}'", want, fix)


def keda_is_there(core: SeldonCore, deployment: SeldonDeployment) -> Iterator[Problem]:
    """Without its switch the operator drops what is said about KEDA in silence."""
    if core.keda or core.existing:
        return
    for at in predictors(deployment):
        pods = (inner.node.pod for inner in nodes_in(at))
        if at.predictor.keda is not None or any(pod is not None and pod.keda is not None for pod in pods):
            want = "must have SeldonCore(keda=True): the operator drops it in silence"
            yield Problem(at.path, "keda is set", want, "write keda=True in SeldonCore, or use hpa")


def _images(core: SeldonCore) -> Iterator[tuple[str, str]]:
    given = {
        "executor.image": core.executor.image if core.executor else None,
        "storage_initializer.image": core.storage_initializer.image if core.storage_initializer else None,
        "explainer_image": core.explainer_image,
        "explainer_image_v2": core.explainer_image_v2,
        **{
            f"servers{ARROW}{server.implementation} {server.protocol}": f"{server.image}:{server.version}"
            for server in core.servers
        },
    }
    return ((field, image) for field, image in given.items() if image is not None)


RULES = (
    licence_is_chosen,
    names_are_kubernetes,
    images_can_be_read,
    amounts_can_be_read,
    logger_can_be_read,
    servers_differ,
    values_have_no_field,
)
DEPLOYMENT_RULES = (controller_is_the_same, namespace_is_seen, keda_is_there)

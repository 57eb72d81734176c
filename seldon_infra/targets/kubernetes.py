"""A Kubernetes cluster with Seldon Core: each deployment is the operator's own custom resource."""

from __future__ import annotations

from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seldon_infra.core.model import known, pending
from seldon_infra.eks.spec import EksCluster
from seldon_infra.graph.check import check_cluster
from seldon_infra.graph.render import STACK_MARK
from seldon_infra.graph.walk import nodes
from seldon_infra.ingress.render import istio
from seldon_infra.ingress.spec import Istio
from seldon_infra.targets import platform
from seldon_infra.targets.landed import Landed

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    import pulumi

    from seldon_infra.graph.component import ClusterDeployment
    from seldon_infra.graph.spec import Node, SeldonDeployment
    from seldon_infra.model_server.component import ModelServerComponent
    from seldon_infra.model_server.spec import ModelServer
    from seldon_infra.targets.aws_checks import Asking
    from seldon_infra.targets.model_contents import Contents
    from seldon_infra.targets.spec import Kubernetes
    from seldon_infra.targets.way import Way

_PROVIDER = "cluster"


def declare(
    target: Kubernetes,
    deployments: Sequence[SeldonDeployment],
    opts: pulumi.ResourceOptions | None = None,
    model_servers: Sequence[ModelServer] = (),
    project: Path | None = None,
) -> Landed:
    """Declare everything on the cluster of ``target``; give SeldonDeployments and model servers by their names.

    A namespace that is an Output is what another resource gave, so it is not declared a second time.
    """
    asking = _ask_aws(target)
    import pulumi
    import pulumi_kubernetes

    from seldon_infra.targets.kubernetes_deployment import ClusterRollouts
    from seldon_infra.targets.way import reach, telling_absence

    if isinstance(target.cluster, EksCluster):
        from seldon_infra.targets.aws_checks import require_room

        require_room(target.cluster, target.live_checks, asking, opts)
    project = project or Path.cwd()
    deployments = _behind_log(target, _with_images(deployments, project, opts))
    with telling_absence(_PROVIDER, opts):
        contents = _looked_at(target, deployments, model_servers, project, opts)
        way = reach(target, opts)
    reached: Any = way.place
    provider = pulumi_kubernetes.Provider(
        _PROVIDER,
        pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[*way.after])),
        **reached,
        # What a killed run made is in no state, and what somebody changed by hand is theirs: an up mends both.
        upsert_existing_objects=True,
        enable_patch_force=True,
    )
    options = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(provider=provider))
    made = _namespaces(target, deployments, model_servers, contents, options) if target.create_namespaces else {}
    software = _software(target, way, options)
    there = platform.declare(target, way, made, options)
    watching = [*there.after, *_monitoring(target, way, made, options)]
    _watch_all(target, [*watching, *software], options)
    base_url = there.url if target.ingress_url is None else target.ingress_url
    log = _payload_log(target, deployments, [*made.values(), *watching], options)
    closed = [*software, *_policy(target, deployments, options)]
    rollouts = ClusterRollouts(target, way, project)
    declared: dict[str, ClusterDeployment | ModelServerComponent] = {}
    for deployment in platform.behind_ingress(target, deployments):
        bounds = _bounds(target, deployment, there, options)
        _watch(target, deployment, watching, options)
        asked = log if deployment.rollout and deployment.rollout.mirrors else []
        after = pulumi.ResourceOptions(depends_on=[*_needs(deployment, made, there), *closed, *bounds, *asked])
        declared[deployment.name] = rollouts.deployed(
            deployment, base_url, pulumi.ResourceOptions.merge(options, after), contents
        )
    for server in platform.watched_servers(target, model_servers):
        after_all = [*made.values(), *software, *watching]
        declared[server.name] = _model_server(server, contents, provider, opts, after_all)
    return Landed(declared, base_url if target.ingress else None, way.outputs)


def _looked_at(
    target: Kubernetes,
    deployments: Sequence[SeldonDeployment],
    model_servers: Sequence[ModelServer],
    project: Path,
    opts: pulumi.ResourceOptions | None,
) -> Contents:
    """Hold everything to the cluster as it is now, and look at the models; stores list each of them once for both."""
    from seldon_infra.artifacts.listings import Listings
    from seldon_infra.targets.live_checks import require_fit
    from seldon_infra.targets.model_contents import watch
    from seldon_infra.targets.model_files import Place

    urn_of, listings = partial(_urn, opts, {each.name for each in model_servers}), Listings()
    place = Place(target, project, require_fit(target, deployments, urn_of, model_servers, listings), listings)
    return watch(deployments, model_servers, place, urn_of, opts)


def _ask_aws(target: Kubernetes) -> Asking | None:
    """Begin to ask AWS, which answers while the rest is loaded; nothing where the stack makes no cluster."""
    if not isinstance(target.cluster, EksCluster):
        return None
    from seldon_infra.targets.aws_checks import begin

    return begin(target.cluster, target.live_checks)


def _is_built(node: Node) -> bool:
    return getattr(node.server, "build", None) is not None


def _namespaces(
    target: Kubernetes,
    deployments: Sequence[SeldonDeployment],
    model_servers: Sequence[ModelServer],
    contents: Contents,
    options: pulumi.ResourceOptions,
) -> dict[str, pulumi.Resource]:
    from seldon_infra.resources.kubernetes_object import declare as declare_object
    from seldon_infra.targets.later import after, when_all, when_valid
    from seldon_infra.targets.live_checks import stack_mark

    made: dict[str, pulumi.Resource] = {}
    for name, labels in platform.namespaces(target, [*deployments, *model_servers]).items():
        inside = [deployment for deployment in deployments if deployment.namespace == name]
        looked = [contents.judged(each.name) for each in inside]
        looked += [contents.judged(each.name) for each in model_servers if each.namespace == name]
        fit = when_all([*(when_valid(each, check_cluster) for each in inside), *looked])
        valid = {"name": after(fit, name), "annotations": {STACK_MARK: stack_mark()}}
        metadata: Any = {**valid, **({"labels": labels} if labels else {})}
        made[name] = declare_object(name, {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}, options)
    return made


def _software(target: Kubernetes, way: Way, options: pulumi.ResourceOptions) -> list[pulumi.Resource]:
    """Declare what hands out GPUs and adds nodes, on a cluster that the stack makes."""
    from seldon_infra.eks.gpu_software.component import ClusterSoftware
    from seldon_infra.eks.gpu_software.render import releases

    if not isinstance(target.cluster, EksCluster) or way.machines is None or not releases(target.cluster):
        return []
    return ClusterSoftware(target.cluster, way.machines, options).ready


def _needs(
    deployment: SeldonDeployment, made: Mapping[str, pulumi.Resource], there: platform.Platform
) -> list[pulumi.Input[pulumi.Resource]]:
    """Give what has to be there before a deployment; with a declared platform that is every namespace."""
    name = known(deployment.namespace)
    own = [made[name]] if name is not None and name in made else []
    return [*own, *there.ready]


def _policy(
    target: Kubernetes, deployments: Sequence[SeldonDeployment], options: pulumi.ResourceOptions
) -> list[pulumi.Resource]:
    """Declare what locks up the operator's own containers; pods come after it, and go before it."""
    from seldon_infra.resources.kubernetes_object import declare as declare_object
    from seldon_infra.targets.live_checks import stack_mark

    made = platform.closing_policy(target, deployments, stack_mark())
    return [declare_object(f"{each['metadata']['name']}.{each['kind'].lower()}", each, options) for each in made]


def _with_images(
    deployments: Sequence[SeldonDeployment], project: Path, opts: pulumi.ResourceOptions | None
) -> Sequence[SeldonDeployment]:
    """Declare images that are built; deployments then name them by their digests."""
    if not any(_is_built(node) for each in deployments for spec in each.predictors for node in nodes(spec.graph)):
        return deployments
    from seldon_infra.targets.builds import with_images

    return with_images(deployments, project, opts)


def _behind_log(target: Kubernetes, deployments: Sequence[SeldonDeployment]) -> Sequence[SeldonDeployment]:
    """Let loggers lead to the stack's payload log, where it has one."""
    if target.payloads is None:
        return deployments
    from seldon_infra.payload_log.render import behind_log

    return [behind_log(target.payloads, each) for each in deployments]


def _payload_log(
    target: Kubernetes,
    deployments: Sequence[SeldonDeployment],
    needs: Sequence[pulumi.Resource],
    options: pulumi.ResourceOptions,
) -> list[pulumi.Resource]:
    """Declare the payload log.

    Executors drop what nobody takes, so no deployment waits for it but one whose rollout takes requests from it.
    """
    import pulumi

    from seldon_infra.resources.kubernetes_object import declare as declare_object

    later = pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(depends_on=[*needs]))
    made = platform.payload_log(target, deployments)
    return [
        declare_object(f"{manifest['metadata']['name']}.{kind.lower()}", manifest, later)
        for kind, manifest in made.items()
    ]


def _bounds(
    target: Kubernetes, deployment: SeldonDeployment, there: platform.Platform, options: pulumi.ResourceOptions
) -> list[pulumi.Resource]:
    """Declare what bounds the requests to a deployment, where the ingress keeps that in objects of its own."""
    import pulumi

    if not isinstance(target.ingress, Istio):
        return []
    from seldon_infra.resources.kubernetes_object import declare as declare_object

    after = pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(depends_on=[*there.after]))
    rules = istio.destination_rules(target.ingress, deployment)
    return [declare_object(f"{deployment.name}.{name}", manifest, after) for name, manifest in rules.items()]


def _watch(
    target: Kubernetes, deployment: SeldonDeployment, needs: Sequence[pulumi.Resource], options: pulumi.ResourceOptions
) -> None:
    """Declare who is asked for metrics, and what the deployment is held to."""
    import pulumi

    if target.monitoring is None:
        return
    from seldon_infra.monitoring import render
    from seldon_infra.resources.kubernetes_object import declare as declare_object
    from seldon_infra.targets.later import when_known

    after = pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(depends_on=[*needs]))
    # Names and promises are in their texts, so a late one makes all of them late; none of them is a secret.
    made = partial(render.objects, target.monitoring)
    whole = pulumi.Output.unsecret(when_known(deployment, check_cluster).apply(made))
    for kind, manifest in made(deployment).items():
        come = whole.apply(itemgetter(kind))
        late = {part: come.apply(itemgetter(part)) for part in ("metadata", "spec")}
        declare_object(f"{deployment.name}.{kind.lower()}", {**manifest, **late}, after)


def _monitoring(
    target: Kubernetes, way: Way, made: Mapping[str, pulumi.Resource], options: pulumi.ResourceOptions
) -> list[pulumi.Resource]:
    """Declare Prometheus and its operator, where the stack brings them."""
    if target.monitoring is None or target.monitoring.install is None:
        return []
    from seldon_infra.monitoring.component import PrometheusOperator

    installed = target.monitoring.install
    own = [made[installed.namespace]] if installed.namespace in made else []
    return [PrometheusOperator(installed, way.place, own, options)]


def _watch_all(target: Kubernetes, after: Sequence[pulumi.Resource], options: pulumi.ResourceOptions) -> None:
    """Declare who asks the parts that serve all deployments, and the spans that Istio's proxies send."""
    import pulumi

    from seldon_infra.resources.kubernetes_object import declare as declare_object

    later = pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(depends_on=[*after]))
    for manifest in platform.watching_all(target):
        declare_object(f"{manifest['metadata']['name']}.{manifest['kind'].lower()}", manifest, later)
    for manifest in platform.spans(target):
        declare_object(f"{manifest['metadata']['name']}.{manifest['metadata']['namespace']}", manifest, later)


def _model_server(
    spec: ModelServer,
    contents: Contents,
    provider: pulumi.ProviderResource,
    opts: pulumi.ResourceOptions | None,
    namespaces: Sequence[pulumi.Resource],
) -> ModelServerComponent:
    import pulumi

    from seldon_infra.model_server.catalogue import model_name
    from seldon_infra.model_server.check import check_model_server
    from seldon_infra.model_server.component import ModelServerComponent
    from seldon_infra.model_server.render import model_server
    from seldon_infra.targets.kubernetes_deployment import named_after
    from seldon_infra.targets.later import rendered, when_known

    rolled = contents.of_server(spec.name, rendered(spec, check_model_server, model_server))
    if spec.storage and pending(spec):
        # An address of later has a port of later, which is not the secret that it comes with.
        whole = when_known(spec, check_model_server).apply(lambda known: model_server(known)["NetworkPolicy"]["spec"])
        rolled = {**rolled, "NetworkPolicy": {**rolled["NetworkPolicy"], "spec": pulumi.Output.unsecret(whole)}}
    objects = {kind: named_after(contents.judged(spec.name), each) for kind, each in rolled.items()}
    return ModelServerComponent(spec.name, model_name(spec), objects, opts, provider, namespaces)


def _urn(opts: pulumi.ResourceOptions | None, servers: Collection[str], name: str) -> pulumi.Output[str]:
    """The URN that a deployment's or a model server's component will have."""
    import pulumi

    from seldon_infra.graph.component import TYPE
    from seldon_infra.model_server.component import TYPE as SERVER_TYPE

    kind = SERVER_TYPE if name in servers else TYPE
    return pulumi.Output.from_input(pulumi.create_urn(name, kind, parent=opts.parent if opts else None))

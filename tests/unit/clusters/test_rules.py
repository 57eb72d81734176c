"""Every rule about a cluster: facts that break it, what is said, and the facts next to them that keep it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import pytest

from seldon_infra.clusters.check import RULES, Declared, check_live, skipped_in_words
from seldon_infra.clusters.facts import Facts, Found, Grant, Skipped
from seldon_infra.experiments.rollout import ErrorGate, MirrorGate, Rollout, SmokeGate
from seldon_infra.graph.spec import (
    Amounts,
    Explainer,
    Hpa,
    IstioRoute,
    Keda,
    KedaTrigger,
    MetricTarget,
    Model,
    Orchestrator,
    Pod,
    PodsMetric,
    PodTemplate,
    Resources,
    SeldonDeployment,
    Ssl,
)
from seldon_infra.servers.spec import ContainerServer, HuggingFaceServer
from tests.unit.clusters.cluster import (
    FACTS,
    NODES,
    SERVED,
    V1,
    amounts,
    facts,
    in_default,
    limit,
    node,
    operator,
    pod,
    quota,
    whole,
)
from tests.unit.core.later import Later
from tests.unit.graph.check.build import deployment, model, of_node, of_predictor, predictor

GPUS = Resources(limits=Amounts(gpu=1))
TOLERATES = PodTemplate(spec={"tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists"}]})
KEDA = Keda(triggers=[KedaTrigger(type="prometheus", metadata={"query": "q"})], min_replica_count=1)
HPA = Hpa(max_replicas=3, metrics=[PodsMetric(name="requests", target=MetricTarget(average_value=1))])
HERE = "SeldonDeployment 'fraud' → predictor 'main'"
KNOWS_KEDA = {**SERVED, "keda.sh": frozenset({"v1alpha1"})}
LIMITED = Resources(requests=Amounts(cpu=1, memory="1Gi"), limits=Amounts(cpu=1, memory="1Gi"))
CLAIM = {"volumeClaimTemplate": {"spec": {"storageClassName": "fast"}}}
OURS = Found("SeldonDeployment", "fraud", stack="models/prod")
CONTAINER = of_node(server=ContainerServer(image="acme/score:1", speaks=("seldon",)))
OPERATOR = "operator seldon-system/seldon-controller-manager"


class Row(NamedTuple):
    """A deployment, a cluster that it does not fit, what is said, and a cluster or a deployment that does."""

    deployment: SeldonDeployment
    wrong: Facts
    said: str
    right: Facts | SeldonDeployment
    creates_namespaces: bool = True


def lacking(field: str) -> dict[str, Any]:
    """The definition of an older Seldon Core."""
    spec = V1["properties"]["spec"]
    predictors = spec["properties"]["predictors"]
    known = {name: it for name, it in predictors["items"]["properties"].items() if name != field}
    items = {**predictors["items"], "properties": known}
    return {
        "properties": {"spec": {"properties": {**spec["properties"], "predictors": {**predictors, "items": items}}}}
    }


def old(version: str) -> Facts:
    return facts(operators=(operator(version, KEDA_ENABLED="true"),), served=KNOWS_KEDA)


NEW = old("1.17.1")


def too_old(path: str, field: str, since: str, version: str, remove: str | None = None) -> str:
    there = f"must have Seldon Core {since} or later; {OPERATOR} is {version}"
    return f"error: {path}: {field}, {there}; upgrade it, or remove {remove or field}"


ALL_BUT_PODS = Grant(
    ("*",),
    ("*",),
    ("serviceaccounts", "networkpolicies", "seldondeployments"),
)
ROWS = {
    "no definition": Row(
        whole(),
        facts(definition={}),
        "error: cluster 'test': machinelearning.seldon.io/v1 is not served, must be, for a SeldonDeployment; "
        "install Seldon Core, or name another cluster by Kubernetes(context=…)",
        FACTS,
    ),
    "a field that the definition does not know": Row(
        of_predictor(progress_deadline_seconds=60),
        facts(definition=lacking("progressDeadlineSeconds")),
        "error: SeldonDeployment 'fraud': progress_deadline_seconds (spec.predictors[].progressDeadlineSeconds), must "
        "be known to the definition on cluster 'test', which drops others in silence; upgrade Seldon Core there, or "
        "remove progress_deadline_seconds",
        FACTS,
    ),
    "no KEDA": Row(
        of_predictor(keda=KEDA),
        facts(operators=NEW.operators),
        f"error: {HERE}: keda, must have keda.sh/v1alpha1 on cluster 'test'; install KEDA, or use hpa=Hpa(…)",
        NEW,
    ),
    "no HPA of version 2": Row(
        of_predictor(hpa=HPA),
        facts(served={**SERVED, "autoscaling": frozenset({"v1"})}),
        f"error: {HERE}: hpa, must have autoscaling/v2 on cluster 'test'; use a cluster of Kubernetes 1.23 or later",
        FACTS,
    ),
    "no operator": Row(
        whole(),
        facts(operators=()),
        "warning: cluster 'test': no Deployment has the label control-plane=seldon-controller-manager, must have one, "
        "Seldon's operator; install Seldon Core, unless its operator runs elsewhere",
        FACTS,
    ),
    "an operator without a pod": Row(
        whole(),
        facts(operators=(operator(ready=False),)),
        f"warning: cluster 'test': {OPERATOR} has no ready pod, must have one; look with: kubectl describe deployment "
        "-n seldon-system seldon-controller-manager",
        FACTS,
    ),
    "a controller id that no operator has": Row(
        whole(controller_id="blue"),
        facts(operators=(operator(CONTROLLER_ID="green"),)),
        "error: SeldonDeployment 'fraud': controller_id 'blue', must be an operator's; theirs are: 'green'; "
        "write controller_id='green'",
        facts(operators=(operator(CONTROLLER_ID="blue"),)),
    ),
    "a namespace that no operator looks at": Row(
        whole(),
        facts(operators=(operator(watches="vision"),)),
        "error: SeldonDeployment 'fraud': namespace 'default', must be one that an operator looks at: vision; "
        "write namespace='vision'",
        facts(operators=(operator(watches="default"),)),
    ),
    "KEDA that the operator was not told of": Row(
        of_predictor(keda=KEDA),
        facts(served=KNOWS_KEDA),
        f"error: {HERE}: keda, must be switched on in {OPERATOR}, which drops it in silence; "
        "set keda.enabled=true in its chart, or use hpa=Hpa(…)",
        NEW,
    ),
    "TLS by an old operator": Row(
        of_predictor(ssl=Ssl(cert_secret_name="tls")), old("1.2.3"), too_old(HERE, "ssl", "1.3", "1.2.3"), NEW
    ),
    "a host by an old operator": Row(
        whole(istio=IstioRoute(host="acme.com")),
        old("1.8.0"),
        too_old("SeldonDeployment 'fraud'", "istio.host", "1.9", "1.8.0"),
        NEW,
    ),
    "v2 by an old operator": Row(
        whole(protocol="v2"),
        old("1.12.0"),
        too_old("SeldonDeployment 'fraud'", "protocol 'v2'", "1.13", "1.12.0", "protocol"),
        NEW,
    ),
    "Hugging Face by an old operator": Row(
        deployment(predictor(graph=Model(name="score", server=HuggingFaceServer())), protocol="v2"),
        old("1.13.1"),
        too_old(f"{HERE} → model 'score'", "server HuggingFaceServer", "1.14", "1.13.1", "server"),
        NEW,
    ),
    "metrics of autoscaling/v2 by an old operator": Row(
        of_node(pod=Pod(hpa=HPA)),
        old("1.15.1"),
        too_old(f"{HERE} → model 'score'", "hpa with metrics of autoscaling/v2", "1.16", "1.15.1", "hpa"),
        NEW,
    ),
    "arguments of an explainer by an old operator": Row(
        of_predictor(explainer=Explainer(type="AnchorTabular", model_uri="s3://b/e", init_parameters={"a": 1})),
        old("1.11.2"),
        too_old(HERE, "explainer.init_parameters", "1.12", "1.11.2"),
        NEW,
    ),
    "settings of Istio that nobody reads": Row(
        whole(istio=IstioRoute(retries=2)),
        facts(
            operators=(operator(ISTIO_ENABLED="false", AMBASSADOR_ENABLED="true"),),
            served={**SERVED, "getambassador.io": frozenset({"v2"})},
        ),
        f"error: SeldonDeployment 'fraud': istio, must be switched on in {OPERATOR}, which drops it in silence; "
        "set istio.enabled=true in its chart, or remove istio",
        FACTS,
    ),
    "a setting that is lost on the operator's way in": Row(
        deployment(predictor(), predictor("next", shadow=True)),
        facts(
            operators=(operator(ISTIO_ENABLED="false", AMBASSADOR_ENABLED="true"),),
            served={**SERVED, "getambassador.io": frozenset({"v2"})},
        ),
        "error: SeldonDeployment 'fraud' → predictor 'next': shadow with traffic not set, must not be: Mappings copy "
        "the share that traffic names, none where it is not set; write traffic=100",
        FACTS,
    ),
    "no way in": Row(
        whole(),
        facts(operators=(operator(ISTIO_ENABLED="false"),)),
        f"warning: cluster 'test': {OPERATOR} makes no routes: neither Istio nor Ambassador is switched on, must have "
        "one of them to be reached from outside; set istio.enabled=true in its chart",
        FACTS,
    ),
    "a way in without its API": Row(
        whole(),
        facts(served={name: versions for name, versions in SERVED.items() if name != "networking.istio.io"}),
        f"error: cluster 'test': {OPERATOR} has istio switched on, networking.istio.io is not served, must be served; "
        "install Istio, or set istio.enabled=false in the operator's chart",
        FACTS,
    ),
    "a gateway that is not there": Row(
        whole(),
        facts(gateways=frozenset({"edge/public"})),
        "warning: SeldonDeployment 'fraud': Istio gateway 'istio-system/seldon-gateway' is not on cluster 'test', must "
        "be there to be reached; write istio=IstioRoute(gateway=…), there are: edge/public",
        whole(istio=IstioRoute(gateway="edge/public")),
    ),
    "a pod that no node holds": Row(
        of_node(resources=Resources(requests=Amounts(cpu=32))),
        FACTS,
        f"error: {HERE}: no node can hold its pod; the nearest is 'cpu-0', which lacks cpu 32500m, 16 there, must fit "
        "on a node of cluster 'test'; ask for less cpu, or add a node that has it",
        facts(nodes=(*NODES, node("big", cpu=64))),
    ),
    "a pod that no node holds yet": Row(
        of_node(resources=GPUS),
        facts(nodes=(node(),), autoscaler="Karpenter"),
        f"warning: {HERE}: no node can hold its pod; the nearest is 'cpu-0', which lacks nvidia.com/gpu 1, 0 there, "
        "must fit on a node of cluster 'test', unless Karpenter adds one that does; "
        "ask for less nvidia.com/gpu, or add a node that has it",
        of_predictor(),
    ),
    "a taint that is not tolerated": Row(
        of_node(resources=GPUS),
        FACTS,
        f"error: {HERE}: no node can hold its pod; the nearest is 'gpu-0', which lacks a toleration of its taint "
        "nvidia.com/gpu=present:NoSchedule, must fit on a node of cluster 'test'; add the toleration {'key': "
        "'nvidia.com/gpu', 'operator': 'Exists', 'effect': 'NoSchedule'} to spec['tolerations'] of "
        "pod=PodTemplate(spec={…})",
        of_predictor(graph=model(resources=GPUS), pod=TOLERATES),
    ),
    "a taint that a node's own pod does not tolerate": Row(
        of_node(resources=GPUS, pod=Pod()),
        FACTS,
        f"error: {HERE} → model 'score': no node can hold its pod; the nearest is 'gpu-0', which lacks a toleration of "
        "its taint nvidia.com/gpu=present:NoSchedule, must fit on a node of cluster 'test'; add the toleration {'key': "
        "'nvidia.com/gpu', 'operator': 'Exists', 'effect': 'NoSchedule'} to spec['tolerations'] of "
        "pod=Pod(template=PodTemplate(spec={…}))",
        of_node(resources=GPUS, pod=Pod(template=TOLERATES)),
    ),
    "a label that no node has": Row(
        of_predictor(pod=PodTemplate(spec={"nodeSelector": {"pool": "fast"}})),
        facts(nodes=(node(),)),
        f"error: {HERE}: no node can hold its pod; the nearest is 'cpu-0', which lacks label pool=fast, not set there, "
        "must fit on a node of cluster 'test'; correct nodeSelector in pod=PodTemplate(spec={…})",
        facts(nodes=(node(), replace(node("fast-0"), labels={"pool": "fast"}))),
    ),
    "no room now": Row(
        of_predictor(replicas=2, graph=model(resources=Resources(requests=Amounts(cpu=7)))),
        facts(nodes=(node(),), pods=(pod(cpu=4),)),
        f"warning: {HERE}: 1 of 2 pods find no room now; the nearest is 'cpu-0', which lacks cpu 7500m, 4500m there, "
        "must fit on nodes of cluster 'test' together with what runs there; make room, or add a node",
        facts(nodes=(node(),), pods=(pod(cpu=14, of="fraud"),)),
    ),
    "no node that takes pods now": Row(
        whole(),
        facts(nodes=(node(takes_pods=False),)),
        f"warning: {HERE}: 1 of 1 pods find no room now, must fit on nodes of cluster 'test' together with what runs "
        "there; make room, or add a node",
        FACTS,
    ),
    "rights that an up takes": Row(
        whole(),
        in_default(grants=(Grant(("get", "list"), ("*",), ("*",)), Grant(("*",), ("",), ("secrets",)))),
        "warning: namespace 'default': no right to create, patch serviceaccounts; create, patch "
        "networkpolicies.networking.k8s.io; create, patch seldondeployments.machinelearning.seldon.io, must be granted "
        "to whoever runs an up; ask for a Role in 'default' with these verbs and resources",
        in_default(grants=(Grant(("create", "get", "patch"), ("*",), ("*",)),)),
    ),
    "rights that gates take": Row(
        whole(rollout=Rollout(gates=(SmokeGate(data="rows.json"),))),
        in_default(grants=(ALL_BUT_PODS, Grant(("list",), ("",), ("pods",)), Grant(("get",), ("*",), ("*/proxy",)))),
        "warning: SeldonDeployment 'fraud' → rollout: no right in 'default' to create pods/proxy; "
        "get, create pods/portforward, must be granted to whoever runs an up, since gates ask pods through the API "
        "server; ask for a Role in 'default' with these verbs and resources, or remove the gates",
        whole(rollout=Rollout()),
    ),
    "rights that gates take which send nothing": Row(
        whole(rollout=Rollout(gates=(ErrorGate(),))),
        in_default(grants=(ALL_BUT_PODS,)),
        "warning: SeldonDeployment 'fraud' → rollout: no right in 'default' to list pods; get pods/proxy, must be "
        "granted to whoever runs an up, since gates ask pods through the API server; ask for a Role in 'default' with "
        "these verbs and resources, or remove the gates",
        in_default(grants=(ALL_BUT_PODS, Grant(("get", "list"), ("",), ("pods", "pods/proxy")))),
    ),
    "a quota that is too small": Row(
        of_predictor(replicas=4, graph=model(resources=LIMITED)),
        in_default(quotas=(quota(cpu=4),)),
        "error: namespace 'default': its deployments ask for cpu 6, must fit into what quota 'team' leaves, 4; "
        "ask for less, or raise the quota from 4",
        in_default(quotas=(quota(cpu=6),)),
    ),
    "a quota that others use": Row(
        of_node(resources=GPUS),
        replace(
            in_default(quotas=(replace(quota(requests_gpu=0), hard=amounts(pods=3), used=amounts(pods=3)),)),
            pods=(pod(), pod(), pod()),
            nodes=None,
        ),
        "error: namespace 'default': its deployments ask for pods 1, must fit into what quota 'team' leaves, 0; "
        "ask for less, or raise the quota from 3",
        replace(in_default(quotas=(replace(quota(pods=3), used=amounts(pods=1)),)), pods=(pod(),), nodes=None),
    ),
    "a quota without room to replace pods": Row(
        of_predictor(replicas=2),
        replace(in_default(quotas=(replace(quota(pods=2), used=amounts(pods=2)),)), pods=(pod(of="fraud"),) * 2),
        "warning: namespace 'default': its deployments ask for pods 2, and for 1 more while pods are replaced, must "
        "fit into what quota 'team' leaves, 2; raise the quota",
        replace(in_default(quotas=(replace(quota(pods=3), used=amounts(pods=2)),)), pods=(pod(of="fraud"),) * 2),
    ),
    "a quota on what a container does not name": Row(
        whole(pod_defaults="operator"),
        in_default(quotas=(quota(limits_memory=2**40),)),
        f"error: {HERE}: container 'score' has no limits.memory, must have one, since a quota of namespace 'default' "
        "counts it; write resources=Resources(limits=Amounts(memory=…)) on 'score'",
        in_default(quotas=(quota(limits_memory=2**40),), limits=(limit(default_limits=amounts(memory=2**30)),)),
    ),
    "a container over its limit": Row(
        of_node(resources=Resources(limits=Amounts(memory="4Gi"))),
        in_default(limits=(limit(most=amounts(memory=2**30)),)),
        f"error: {HERE}: container 'score' may use memory 4Gi, must be at most 1Gi, by limit 'small' of namespace "
        "'default'; lower its limit",
        in_default(limits=(limit(most=amounts(memory=2**32)),)),
    ),
    "a container under its limit": Row(
        of_node(resources=Resources(requests=Amounts(cpu="100m"))),
        in_default(limits=(limit(least=amounts(cpu=0.25)),)),
        f"error: {HERE}: container 'score' requests cpu 100m, must be 250m or more, by limit 'small' of namespace "
        "'default'; ask for 250m or more",
        in_default(limits=(limit(least=amounts(cpu=0.1)),)),
    ),
    "a pod over its limit": Row(
        of_node(resources=Resources(limits=Amounts(cpu=2))),
        in_default(limits=(limit("Pod", most=amounts(cpu=2)),)),
        f"error: {HERE}: its pod may use cpu 2500m, must be at most 2, by limit 'small' of namespace 'default'; "
        "lower its limit",
        in_default(limits=(limit("PersistentVolumeClaim", most=amounts(cpu=2)),)),
    ),
    "a deployment of another stack": Row(
        whole(),
        in_default(objects={"SeldonDeployment": (replace(OURS, stack="models/dev"),)}),
        "error: SeldonDeployment 'fraud': is there already, made by stack 'models/dev', must be declared by one alone; "
        "rename this one, or hand it over, then run: kubectl annotate sdep fraud -n default "
        "seldon-infra/stack=models/prod --overwrite",
        in_default(objects={"SeldonDeployment": (OURS,)}),
    ),
    "a deployment of another tool": Row(
        whole(),
        in_default(objects={"SeldonDeployment": (replace(OURS, stack=None, tool="Argo CD application 'a'"),)}),
        "error: SeldonDeployment 'fraud': is there already, made by Argo CD application 'a', must be declared by one "
        "alone; rename this one",
        in_default(objects={"SeldonDeployment": (replace(OURS, name="other", stack=None),)}),
    ),
    "a deployment of somebody's": Row(
        whole(),
        in_default(objects={"SeldonDeployment": (replace(OURS, stack=None, managers=("kubectl", "manager")),)}),
        "warning: SeldonDeployment 'fraud': is there already, made by 'kubectl', is taken over by this stack, whose "
        "`destroy` then takes it away; rename this one, if that is not meant",
        in_default(objects={"SeldonDeployment": (OURS,)}),
    ),
    "a Service that the operator would write over": Row(
        whole(),
        in_default(objects={"Service": (Found("Service", "fraud-main", managers=("helm",)),)}),
        "error: SeldonDeployment 'fraud': Service 'fraud-main', which Seldon's operator will make, is there already, "
        "made by 'helm', must not be there; rename the deployment or a part of it, or remove Service 'fraud-main'",
        in_default(objects={"Service": (Found("Service", "fraud-main", controller="SeldonDeployment 'fraud'"),)}),
    ),
    "a namespace that is another stack's": Row(
        whole(),
        in_default(found=Found("Namespace", "default", stack="models/dev")),
        "error: namespace 'default': is there already, made by stack 'models/dev', must be declared by one stack "
        "alone; set create_namespaces=False on Kubernetes(…)",
        in_default(found=Found("Namespace", "default", stack="models/prod")),
    ),
    "a namespace that was there before": Row(
        whole(),
        in_default(found=Found("Namespace", "default", managers=("kubectl-create",))),
        "warning: namespace 'default': is there already, made by 'kubectl-create', must not be declared, or `destroy` "
        "of this stack takes it away with all that is in it; set create_namespaces=False on Kubernetes(…)",
        in_default(exists=False),
    ),
    "a namespace that nobody makes": Row(
        whole(),
        in_default(exists=False),
        "error: SeldonDeployment 'fraud': namespace 'default', must be on cluster 'test', with "
        "create_namespaces=False; run: kubectl create namespace default",
        in_default(exists=True),
        creates_namespaces=False,
    ),
    "an image that is not there": Row(
        CONTAINER,
        facts(platforms={"acme/score:1": frozenset()}),
        f"error: {HERE}: image 'acme/score:1' of 'score', must be in its registry; push it, or correct its name",
        FACTS,
    ),
    "an image of another platform": Row(
        CONTAINER,
        facts(platforms={"acme/score:1": frozenset({"linux/arm64"})}),
        f"error: {HERE}: image 'acme/score:1' is built for linux/arm64, must be built for a node of cluster 'test' "
        "that can hold it: linux/amd64; build it with: docker buildx build --platform linux/amd64",
        facts(platforms={"acme/score:1": frozenset({"linux/arm64", "linux/amd64"})}),
    ),
    "a storage class that is not there": Row(
        of_predictor(pod=PodTemplate(spec={"volumes": [{"name": "cache", "ephemeral": CLAIM}]})),
        FACTS,
        f"error: {HERE}: storage class 'fast', must be one of cluster 'test', there are: standard; "
        "correct volumes in pod=PodTemplate(spec={…})",
        facts(storage_classes=frozenset({"fast"})),
    ),
}


def said(deployment: SeldonDeployment, known: Facts, **declared: Any) -> list[str]:
    found = check_live(Declared((deployment,), "models/prod", **declared), known)
    return [f"{finding.severity}: {finding.problem}" for finding in found]


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_rule_says_what_does_not_fit_and_nothing_about_what_does(row: Row) -> None:
    assert said(row.deployment, row.wrong, creates_namespaces=row.creates_namespaces) == [row.said]
    fits = (row.deployment, row.right) if isinstance(row.right, Facts) else (row.right, row.wrong)
    assert said(*fits, creates_namespaces=row.creates_namespaces) == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_rule_says_nothing_where_nothing_is_known(rule: Any) -> None:
    declared = Declared((of_predictor(keda=KEDA, graph=model(resources=GPUS)),), "models/prod")
    assert list(rule(declared, Facts("test"))) == []


@pytest.mark.parametrize(("makes", "known"), [("seldon_core", {"definition": {}, "operators": ()}), ("ingress", {})])
def test_what_the_stack_installs_itself_need_not_be_there(makes: Any, known: dict[str, Any]) -> None:
    empty = facts(**{"gateways": frozenset(), **known})
    assert said(whole(), empty, makes=frozenset({makes})) == []


def test_monitors_need_the_definitions_of_prometheus_operator() -> None:
    lacks = (
        "error: cluster 'test': monitoring.coreos.com/v1 is not served, must be, for PodMonitor and PrometheusRule; "
    )
    assert said(whole(), FACTS, watched=True) == [
        f"{lacks}install Prometheus' operator: Monitoring(install=PrometheusStack())"
    ]
    assert said(whole(), FACTS) == []
    knows = facts(served={**SERVED, "monitoring.coreos.com": frozenset({"v1"})})
    assert said(whole(), knows, watched=True) == []


def test_values_that_are_not_known_yet_are_passed_over() -> None:
    later: Any = Later()
    unknown = deployment(
        predictor(
            replicas=later,
            graph=model(resources=Resources(requests=Amounts(cpu=later))),
            pod=PodTemplate(spec={"nodeSelector": {"pool": later}}),
            orchestrator=Orchestrator(resources=Resources(requests=Amounts(cpu=later))),
        ),
        namespace=later,
        controller_id=later,
    )
    assert said(unknown, FACTS) == []


def test_a_finding_names_the_deployment_that_it_concerns() -> None:
    declared = Declared((whole(), whole(name="other", controller_id="blue")), "models/prod")
    assert [finding.deployment for finding in check_live(declared, FACTS)] == ["other"]


def test_a_mirror_gate_takes_rights_in_the_payload_logs_namespace_too() -> None:
    every = Grant(("*",), ("*",), ("*",))
    known = replace(in_default(grants=(every,)), grants={"logs": (Grant(("list", "get"), ("",), ("*",)),)})
    gates = (MirrorGate(),)
    (found,) = said(whole(rollout=Rollout(gates=gates)), known, log="logs")
    assert "SeldonDeployment 'fraud' → rollout: no right in 'logs' to create pods/portforward, must be" in found
    assert said(whole(rollout=Rollout(gates=gates)), replace(known, grants={"logs": None}), log="logs") == []


def test_what_was_not_checked_is_one_line_with_the_rights_that_are_missing() -> None:
    skipped = (Skipped("names in 'a'", "no right to list services"), Skipped("names in 'a'", "no right to list pods"))
    line = skipped_in_words(facts(skipped=(Skipped("node capacity", "no right to list nodes"), *skipped)))
    assert line == (
        "not checked on cluster 'test': node capacity (no right to list nodes), "
        "names in 'a' (no right to list services and no right to list pods)"
    )
    assert skipped_in_words(FACTS) is None
    assert skipped_in_words(Facts("prod", skipped=(Skipped("", "no kubeconfig"),))) == (
        "checks of cluster 'prod' are skipped, all of them: no kubeconfig"
    )

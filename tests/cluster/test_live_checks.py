"""What a preview says about the cluster as it is: what is missing, what does not fit, whose a name is already."""

from __future__ import annotations

import re
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from seldon_infra.clusters import survey as asking
from seldon_infra.clusters.survey import Wanted, survey
from seldon_infra.graph.manifest import GROUP, PLURAL
from seldon_infra.graph.render import STACK_MARK
from tests.cluster.control_plane import NOBODY, ControlPlane
from tests.cluster.definitions import is_served
from tests.cluster.effective import is_missing, make_namespace, remove_namespace
from tests.cluster.kubernetes_provider.install import install_provider
from tests.cluster.nodes import CPU_NODES, GPU_NODES, GPU_TAINT
from tests.cluster.operator import operator
from tests.cluster.patient import PROGRAM
from tests.engine.scratch import ENVIRONMENT, OF_A_STACK, Engine, scratch_engine
from tests.engine.waiting import wait_until

pytestmark = pytest.mark.cluster

NAMESPACE = "checked"
PATH = f"/apis/{GROUP}/v1/namespaces/{NAMESPACE}/{PLURAL}"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
STACK = """
from seldon_infra import *

def model(**fields):
    return Model(name="classifier", server=SklearnServer(), model_uri="s3://models/iris", **fields)

def iris(graph=None, name="iris", pod_defaults="restricted", rollout=None, **fields):
    predictor = Predictor(name="main", graph=graph or model(), **fields)
    return SeldonDeployment(
        name=name, namespace="checked", protocol="v2", predictors=[predictor], pod_defaults=pod_defaults,
        rollout=rollout,
    )

def server(gpus, **fields):
    return ModelServer(name="resnet", namespace="checked", server=TritonServer(), model_uri="s3://models/resnet",
        resources=Resources(limits=Amounts(gpu=gpus)),
        pod=PodTemplate(spec={'tolerations': [{'key': 'nvidia.com/gpu', 'operator': 'Exists'}]}), **fields)

stack = Stack(target=Kubernetes({target}), deployments=[{deployments}], model_servers=[{servers}])
"""
GPUS = "iris(graph=model(resources=Resources(limits=Amounts(gpu={gpus}))){more})"
TOLERATION = ", pod=PodTemplate(spec={'tolerations': [{'key': 'nvidia.com/gpu', 'operator': 'Exists'}]})"


@pytest.fixture(scope="module")
def project(control_plane: ControlPlane) -> Iterator[Engine]:
    """One project for all tests: a preview leaves nothing behind."""
    folder = Path(tempfile.mkdtemp(prefix="checks-")).resolve()
    made = scratch_engine(folder)
    install_provider(folder)
    made.use_plugin("kubernetes", folder)
    made.use_plugin("seldon", ENVIRONMENT / "bin")
    yield made
    shutil.rmtree(folder)


@pytest.fixture
def engine(project: Engine, control_plane: ControlPlane) -> Engine:
    project.environment["KUBECONFIG"] = str(control_plane.kubeconfig)
    project.write_inline_program(PROGRAM)
    return project


@pytest.fixture
def namespace(control_plane: ControlPlane) -> Iterator[str]:
    """A namespace that somebody else made."""
    make_namespace(control_plane, NAMESPACE)
    yield NAMESPACE
    remove_namespace(control_plane, NAMESPACE)


@contextmanager
def there(control_plane: ControlPlane, path: str, thing: dict[str, Any]) -> Iterator[None]:
    """Put an object onto the cluster for as long as the block runs."""
    control_plane.request("POST", f"{path}?fieldManager=somebody", thing)
    try:
        yield
    finally:
        control_plane.request("DELETE", f"{path}/{thing['metadata']['name']}")


def previewed(
    engine: Engine, deployments: str = "iris()", target: str = "", *, fails: bool = False, servers: str = ""
) -> str:
    """Preview a stack; give what was said, in one line so that terminal breaks do not matter."""
    written = STACK.replace("{target}", target).replace("{deployments}", deployments).replace("{servers}", servers)
    (engine.directory / "test.py").write_text(written)
    done = engine.preview(check=False)
    said = " ".join((done.stdout + done.stderr).split())
    assert (done.returncode != 0) == fails, said
    assert "Traceback" not in said
    return said


def test_what_fits_is_previewed_without_a_word_about_capacity(engine: Engine) -> None:
    said = previewed(engine, "iris()")
    assert "no node" not in said
    assert "no right to" not in said
    # Whether this machine has credentials for the model's store is nothing to the cluster.
    assert set(re.findall(r"not checked on cluster 'test': (\w+)", said)) <= {"models"}


def test_a_gpu_pod_that_no_node_holds_names_the_nearest_node(engine: Engine) -> None:
    said = previewed(engine, GPUS.format(gpus=16, more=TOLERATION), fails=True)
    assert "nvidia.com/gpu 16, 8 there" in said
    assert "the nearest is 'gpu-0'" in said
    assert "SeldonDeployment (iris)" in said
    assert "nothing was changed" in said


def test_a_pod_that_does_not_tolerate_the_gpus_taint_is_told_the_toleration(engine: Engine) -> None:
    said = previewed(engine, GPUS.format(gpus=1, more=""), fails=True)
    assert f"a toleration of its taint {GPU_TAINT['key']}=present:NoSchedule" in said
    assert "add the toleration {'key': 'nvidia.com/gpu', 'operator': 'Exists', 'effect': 'NoSchedule'}" in said


def test_a_model_server_is_held_to_the_cluster_too(engine: Engine, control_plane: ControlPlane) -> None:
    said = previewed(engine, "", fails=True, servers="server(16)")
    assert "model server 'resnet': no node can hold its pod; the nearest is 'gpu-0'" in said
    assert "seldon:index:ModelServer (resnet)" in said
    said = previewed(engine, "", "create_namespaces=False", fails=True, servers="server(1)")
    assert "run: kubectl create namespace checked" in said


def test_a_model_server_counts_in_a_namespaces_quota(
    engine: Engine, control_plane: ControlPlane, namespace: str
) -> None:
    quota = {"metadata": {"name": "team"}, "spec": {"hard": {"requests.nvidia.com/gpu": "3"}}}
    with there(control_plane, f"/api/v1/namespaces/{namespace}/resourcequotas", quota):
        said = previewed(engine, "", "create_namespaces=False", fails=True, servers="server(2, replicas=2)")
    assert "requests.nvidia.com/gpu 4" in said
    assert "must fit into what quota 'team' leaves, 3" in said


def test_pods_that_an_autoscaler_may_find_a_node_for_are_a_warning(engine: Engine, control_plane: ControlPlane) -> None:
    autoscaler = {"metadata": {"name": "cluster-autoscaler-status"}}
    with there(control_plane, "/api/v1/namespaces/kube-system/configmaps", autoscaler):
        said = previewed(engine, GPUS.format(gpus=16, more=TOLERATION))
    assert "unless cluster-autoscaler adds one" in said
    assert "1 warning" in said


def test_what_does_not_fit_is_a_warning_where_the_target_says_so(engine: Engine) -> None:
    said = previewed(engine, GPUS.format(gpus=16, more=TOLERATION), "live_checks='warn'")
    assert "nvidia.com/gpu 16, 8 there" in said
    assert "no node" not in previewed(engine, GPUS.format(gpus=16, more=TOLERATION), "live_checks='skip'")


def test_pods_that_find_no_room_beside_what_runs_are_a_warning(engine: Engine, control_plane: ControlPlane) -> None:
    container = {"name": "main", "image": "x", "resources": {"limits": {"nvidia.com/gpu": "6"}}}
    spec = {"containers": [container], "tolerations": [{"operator": "Exists"}], "nodeName": "gpu-0"}
    busy = {"metadata": {"name": "busy"}, "spec": spec}
    with there(control_plane, "/api/v1/namespaces/default/pods", busy):
        said = previewed(engine, GPUS.format(gpus=4, more=TOLERATION))
    assert "1 of 1 pods find no room now" in said
    assert "lacks nvidia.com/gpu 4, 2 there" in said


def test_a_quota_that_is_too_small_is_named_with_what_it_leaves(
    engine: Engine, control_plane: ControlPlane, namespace: str
) -> None:
    quota = {"metadata": {"name": "team"}, "spec": {"hard": {"requests.cpu": "2", "pods": "10"}}}
    amounts = "model(resources=Resources(requests=Amounts(cpu=1), limits=Amounts(cpu=1))), replicas=2"
    with there(control_plane, f"/api/v1/namespaces/{namespace}/resourcequotas", quota):
        counted = f"/api/v1/namespaces/{namespace}/resourcequotas/team"
        wait_until(lambda: "used" in control_plane.request("GET", counted)["status"])
        said = previewed(engine, f"iris({amounts})", "create_namespaces=False", fails=True)
    # Two pods of one core for the model and half a core for the orchestrator.
    assert "namespace 'checked': its deployments ask for requests.cpu 3" in said
    assert "must fit into what quota 'team' leaves, 2" in said


def test_a_container_that_a_quota_counts_has_to_name_its_amounts(
    engine: Engine, control_plane: ControlPlane, namespace: str
) -> None:
    quota = {"metadata": {"name": "team"}, "spec": {"hard": {"limits.memory": "20Gi"}}}
    with there(control_plane, f"/api/v1/namespaces/{namespace}/resourcequotas", quota):
        said = previewed(engine, "iris(pod_defaults='operator')", "create_namespaces=False", fails=True)
    assert "container 'classifier' has no limits.memory" in said


def test_a_container_beyond_the_namespaces_limit_is_named(
    engine: Engine, control_plane: ControlPlane, namespace: str
) -> None:
    limit = {"metadata": {"name": "small"}, "spec": {"limits": [{"type": "Container", "max": {"memory": "1Gi"}}]}}
    amounts = "model(resources=Resources(limits=Amounts(cpu=1, memory='4Gi')))"
    with there(control_plane, f"/api/v1/namespaces/{namespace}/limitranges", limit):
        said = previewed(engine, f"iris({amounts})", "create_namespaces=False", fails=True)
    assert "container 'classifier' may use memory 4Gi, must be at most 1Gi, by limit 'small'" in said


def test_a_namespace_that_nobody_makes_is_named(engine: Engine) -> None:
    said = previewed(engine, "iris()", "create_namespaces=False", fails=True)
    assert "run: kubectl create namespace checked" in said


def test_a_deployment_of_another_tool_is_not_taken_over(
    engine: Engine, control_plane: ControlPlane, namespace: str
) -> None:
    theirs = manifest("iris", {"meta.helm.sh/release-name": "old-iris"})
    with there(control_plane, PATH, theirs):
        said = previewed(engine, "iris()", "create_namespaces=False", fails=True)
    assert "SeldonDeployment 'iris': is there already, made by Helm release 'old-iris'" in said


def test_a_deployment_of_another_stack_names_that_stack(
    engine: Engine, control_plane: ControlPlane, namespace: str
) -> None:
    with there(control_plane, PATH, manifest("iris", {STACK_MARK: "models/prod"})):
        said = previewed(engine, "iris()", "create_namespaces=False", fails=True)
    assert "made by stack 'models/prod'" in said
    assert "kubectl annotate sdep iris -n checked seldon-infra/stack=scratch/test --overwrite" in said


def test_a_deployment_that_somebody_made_by_hand_is_taken_over_with_a_warning(
    engine: Engine, control_plane: ControlPlane, namespace: str
) -> None:
    with there(control_plane, PATH, manifest("iris", {})):
        said = previewed(engine, "iris()", "create_namespaces=False")
    assert "made by 'somebody'" in said


def test_a_service_whose_name_the_operator_will_take_is_named(
    engine: Engine, control_plane: ControlPlane, namespace: str
) -> None:
    service = {"metadata": {"name": "iris-main"}, "spec": {"ports": [{"port": 80}]}}
    with there(control_plane, f"/api/v1/namespaces/{namespace}/services", service):
        said = previewed(engine, "iris()", "create_namespaces=False", fails=True)
    assert "Service 'iris-main', which Seldon's operator will make, is there already, made by 'somebody'" in said


def test_what_a_stack_has_declared_itself_is_its_own(engine: Engine, control_plane: ControlPlane) -> None:
    previewed(engine, "iris()")
    with operator(control_plane):
        engine.up()
        assert "is there already" not in previewed(engine, "iris(replicas=2)")
        engine.destroy()


def test_a_definition_that_is_not_there_is_said_before_any_object(engine: Engine, control_plane: ControlPlane) -> None:
    with without_definition(control_plane):
        said = previewed(engine, "iris()", fails=True)
    assert "cluster 'test': machinelearning.seldon.io/v1 is not served" in said
    assert "install Seldon Core" in said


def test_an_old_operator_is_told_from_what_is_used(engine: Engine, control_plane: ControlPlane) -> None:
    with seldon_operator(control_plane, "1.12.0", ISTIO_ENABLED="true"):
        said = previewed(engine, "iris()", fails=True)
    assert "protocol 'v2', must have Seldon Core 1.13 or later; operator default/seldon-controller-manager" in said


def test_versions_that_do_not_go_together_are_an_error_and_an_upgrade_shows_its_order(
    engine: Engine, control_plane: ControlPlane
) -> None:
    chart = Path(__file__).with_name("charts") / "operator"
    upgrade = f"seldon_core=SeldonCore(chart=Chart(name={str(chart)!r})), live_checks='warn'"
    with seldon_operator(control_plane, "1.16.0", ISTIO_ENABLED="true"), istiod(control_plane, "1.12.9"):
        said = previewed(engine, "iris()", fails=True)
        later = previewed(engine, "iris()", upgrade)
    assert "cluster 'test' → versions: Istio 1.12.9 with Seldon Core 1.16.0, must be 1.16 or later" in said
    assert "1. Seldon Core: CRD and operator, by its chart: 1.16.0 to 1.17.1" in later
    assert later.partition("Diagnostics:")[2].count("nobody lists it as working") == 1


def test_settings_of_a_way_in_that_is_switched_off_are_an_error(engine: Engine, control_plane: ControlPlane) -> None:
    told = "iris().model_copy(update={'istio': IstioRoute(retries=2)})"
    with seldon_operator(control_plane, "1.17.1", ISTIO_ENABLED="false", AMBASSADOR_ENABLED="false"):
        said = previewed(engine, told, fails=True)
    assert "istio, must be switched on in operator default/seldon-controller-manager" in said
    assert "makes no routes: neither Istio nor Ambassador is switched on" in said


def test_a_gateway_that_is_not_there_is_a_warning(engine: Engine, control_plane: ControlPlane) -> None:
    with seldon_operator(control_plane, "1.17.1", ISTIO_ENABLED="true"):
        said = previewed(engine, "iris()")
    assert "Istio gateway 'istio-system/seldon-gateway' is not on cluster 'test'" in said


def test_what_is_asked_is_asked_at_once_and_answered(
    control_plane: ControlPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seconds in ("LOGIN_SECONDS", "FIRST_ANSWER_SECONDS", "ALL_ANSWERS_SECONDS"):
        monkeypatch.setattr(asking, seconds, 120)  # a machine that is busy answers late
    names = tuple(f"namespace-{number}" for number in range(10))
    found = survey("test", str(control_plane.kubeconfig), Wanted(names, storage_classes=True))
    assert found.skipped == ()
    assert {node.name for node in found.nodes or ()} == {*CPU_NODES, *GPU_NODES}
    assert found.namespaces["namespace-9"].exists is False
    assert found.autoscaler == ""
    assert "v1" in (found.served or {})[GROUP]


def test_a_storage_class_that_is_not_there_is_an_error(engine: Engine) -> None:
    claim = (
        "{'accessModes': ['ReadWriteOnce'], 'storageClassName': 'fast', 'resources': {'requests': {'storage': '1Gi'}}}"
    )
    volume = f"{{'name': 'cache', 'ephemeral': {{'volumeClaimTemplate': {{'spec': {claim}}}}}}}"
    said = previewed(engine, f"iris(pod=PodTemplate(spec={{'volumes': [{volume}]}}))", fails=True)
    assert "storage class 'fast', must be one of cluster 'test', there are: none" in said


def test_who_may_not_look_is_told_which_right_each_check_takes(engine: Engine, control_plane: ControlPlane) -> None:
    engine.environment["KUBECONFIG"] = str(control_plane.kubeconfig_of(NOBODY))
    (engine.directory / "test.py").write_text(
        STACK.replace("{target}", "").replace("{deployments}", "iris()").replace("{servers}", "")
    )
    said = " ".join(engine.preview(check=False).stdout.split())
    assert "not checked on cluster 'test'" in said
    assert "node capacity (no right to list nodes)" in said
    assert "quota of 'checked' (no right to list resourcequotas in 'checked')" in said
    verbs = "get, create, patch"
    assert f"warning: namespace 'checked': no right to {verbs} serviceaccounts; {verbs} networkpolicies" in said
    assert "rollout" not in said


def test_who_may_not_ask_pods_is_told_what_gates_of_a_rollout_take(
    engine: Engine, control_plane: ControlPlane, namespace: str
) -> None:
    group, at = "rbac.authorization.k8s.io", f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}"
    rules = [
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]},
        {"apiGroups": [""], "resources": ["pods/proxy"], "verbs": ["get"]},
    ]
    binding = {
        "metadata": {"name": "asking"},
        "roleRef": {"apiGroup": group, "kind": "Role", "name": "asking"},
        "subjects": [{"apiGroup": group, "kind": "User", "name": NOBODY.name}],
    }
    review = {"apiVersion": "authorization.k8s.io/v1", "spec": {"namespace": namespace}}
    reviews = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"

    def known() -> str:
        return str(control_plane.request("POST", reviews, review, user=NOBODY)["status"]["resourceRules"])

    engine.environment["KUBECONFIG"] = str(control_plane.kubeconfig_of(NOBODY))
    (engine.directory / "rows.json").write_text("{}")
    with (
        there(control_plane, f"{at}/roles", {"metadata": {"name": "asking"}, "rules": rules}),
        there(control_plane, f"{at}/rolebindings", binding),
    ):
        wait_until(lambda: "pods/proxy" in known())
        gates = "SmokeGate(data='rows.json'), ErrorGate()"
        (engine.directory / "test.py").write_text(
            STACK.replace("{target}", "")
            .replace("{deployments}", f"iris(rollout=Rollout(gates=[{gates}]))")
            .replace("{servers}", "")
        )
        said = " ".join(engine.preview(check=False).stdout.split())
    lacking = "no right in 'checked' to create pods/proxy; get, create pods/portforward"
    assert f"warning: SeldonDeployment 'iris' → rollout: {lacking}, must be granted to whoever runs an up" in said
    assert "ask for a Role in 'checked' with these verbs and resources, or remove the gates" in said


def test_a_server_that_is_not_there_holds_no_preview(engine: Engine, control_plane: ControlPlane) -> None:
    config = control_plane.kubeconfig.read_text().replace(control_plane.url, "https://127.0.0.1:1")
    (engine.directory / "config").write_text(config)
    engine.environment["KUBECONFIG"] = str(engine.directory / "config")
    said = previewed(engine, "iris()")
    assert "checks of cluster 'test' are skipped, all of them: https://127.0.0.1:1:" in said
    assert re.search(r"\d to create", said)


def test_a_server_that_never_answers_holds_no_preview(
    engine: Engine, control_plane: ControlPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}"
        config = control_plane.kubeconfig.read_text().replace(control_plane.url, url)
        (engine.directory / "config").write_text(config)
        engine.environment["KUBECONFIG"] = str(engine.directory / "config")
        monkeypatch.setitem(engine.environment, "STAND_IN_ANSWER_SECONDS", "2")
        engine.write_program(OF_A_STACK)
        said = previewed(engine, "iris()")
    assert f"{url} gave no answer within 3 s" in said


def test_without_a_kubeconfig_a_preview_says_that_nothing_was_checked(engine: Engine) -> None:
    engine.environment["KUBECONFIG"] = str(engine.directory / "nowhere")
    said = previewed(engine, "iris()")
    assert "checks of cluster 'of the current context' are skipped" in said
    assert "kubeconfig" in said


def manifest(name: str, annotations: dict[str, str]) -> dict[str, Any]:
    """A SeldonDeployment that somebody else made."""
    graph = {"name": "classifier", "implementation": "SKLEARN_SERVER", "modelUri": "s3://models/iris"}
    return {
        "apiVersion": f"{GROUP}/v1",
        "kind": "SeldonDeployment",
        "metadata": {"name": name, "annotations": annotations},
        "spec": {"predictors": [{"name": "main", "graph": graph}]},
    }


@contextmanager
def without_definition(control_plane: ControlPlane) -> Iterator[None]:
    """Take Seldon's definition away for as long as the block runs."""
    name = f"{PLURAL}.{GROUP}"
    path = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{name}"
    whole = control_plane.request("GET", path)
    kept = {"apiVersion": whole["apiVersion"], "kind": whole["kind"], "metadata": {"name": name}, "spec": whole["spec"]}
    control_plane.request("DELETE", path)
    wait_until(lambda: is_missing(control_plane, path) and GROUP not in groups(control_plane))
    try:
        yield
    finally:
        control_plane.request("POST", path.rpartition("/")[0], kept)
        wait_until(lambda: is_served(control_plane, kept) and GROUP in groups(control_plane))


def groups(control_plane: ControlPlane) -> set[str]:
    """Whatever the API server says that it serves."""
    return {each["name"] for each in control_plane.request("GET", "/apis")["groups"]}


@contextmanager
def istiod(control_plane: ControlPlane, version: str) -> Iterator[None]:
    """The Deployment of istiod, by label, container and image as its chart makes it."""
    container = {"name": "discovery", "image": f"docker.io/istio/pilot:{version}"}
    with there(control_plane, DEPLOYMENTS, workload("istiod", {"app": "istiod"}, container)):
        yield


@contextmanager
def seldon_operator(control_plane: ControlPlane, version: str, **settings: str) -> Iterator[None]:
    """The Deployment of Seldon's operator, as its chart makes it, run by the simulated nodes."""
    name, labels = "seldon-controller-manager", {"control-plane": "seldon-controller-manager"}
    container = {
        "name": "manager",
        "image": f"docker.io/seldonio/seldon-core-operator:{version}",
        "env": [{"name": name, "value": value} for name, value in settings.items()],
    }
    with there(control_plane, DEPLOYMENTS, workload(name, labels, container)):
        ready = f"{DEPLOYMENTS}/{name}"
        wait_until(lambda: control_plane.request("GET", ready).get("status", {}).get("readyReplicas") == 1)
        yield


def workload(name: str, labels: dict[str, str], container: dict[str, Any]) -> dict[str, Any]:
    """A Deployment of one container."""
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    return {
        "metadata": {"name": name, "labels": labels},
        "spec": {"selector": {"matchLabels": labels}, "template": template},
    }

"""`seldon-infra drift` on a real control plane: who changed which field, and what an autoscaler may change."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from seldon_infra.graph.manifest import GROUP, PLURAL
from tests.cluster.control_plane import NOBODY, ControlPlane, User
from tests.cluster.effective import until_allowed
from tests.cluster.kubernetes_provider.install import install_provider
from tests.cluster.operator import operator
from tests.cluster.test_stack import change_traffic as to_other_traffic
from tests.engine.scratch import ENVIRONMENT, OF_A_STACK, STACK, Engine, scratch_engine

pytestmark = pytest.mark.cluster

NAMESPACE = "drifting"
PATH = f"/apis/{GROUP}/v1/namespaces/{NAMESPACE}/{PLURAL}/iris"
DEPLOYMENT = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/server"
ACCESS = f"/api/v1/namespaces/{NAMESPACE}/secrets/access"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
AUTOSCALER = f"/apis/autoscaling/v2/namespaces/{NAMESPACE}/horizontalpodautoscalers"
MODULE = """
from seldon_infra import *

def predictor(name, **fields):
    graph = Model(name="classifier", server=SklearnServer(), model_uri="s3://models/iris")
    return Predictor(name=name, graph=graph, **fields)

stack = Stack(
    target=Kubernetes(),
    deployments=[SeldonDeployment(
        name="iris", namespace="drifting", protocol="v2",
        predictors=[predictor("main", traffic=90), predictor("canary", traffic=10, {canary})],
    )],
)
"""
PROGRAM = (
    OF_A_STACK
    + """
import pulumi, pulumi_kubernetes as k8s
labels = {"app": "server"}
provider = k8s.Provider("own", enable_patch_force=True)
options = pulumi.ResourceOptions(provider=provider)
container = {"name": "server", "image": "server:1", "resources": {"limits": {"cpu": "0.5"}}}
k8s.apps.v1.Deployment("server", metadata={"name": "server", "namespace": "drifting",
    "annotations": {"pulumi.com/skipAwait": "true"}}, opts=options,
    spec={"replicas": 1, "selector": {"matchLabels": labels},
          "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}}})
k8s.core.v1.Secret("access", metadata={"name": "access", "namespace": "drifting"}, opts=options,
    data={"key": pulumi.Config().require_secret("key")})
"""
)
SECRET = "aHVudGVyMi1odW50ZXIy"


@pytest.fixture(scope="module")
def engine(control_plane: ControlPlane) -> Iterator[Engine]:
    """An applied stack: a SeldonDeployment, a Deployment and a Secret in a namespace of their own."""
    folder = Path(tempfile.mkdtemp(prefix="drift-")).resolve()
    made = scratch_engine(folder)
    made.environment["KUBECONFIG"] = str(folder / "kubeconfig")
    shutil.copy(control_plane.kubeconfig, folder / "kubeconfig")
    install_provider(folder)
    made.use_plugin("kubernetes", folder)
    made.use_plugin("seldon", ENVIRONMENT / "bin")
    made.write_inline_program(OF_A_STACK)
    made.set_secret("key", SECRET)
    declare(made)
    with operator(control_plane):
        made.up()
        # The namespace is the stack's own, and there only now: the other objects cannot name it as what they depend on.
        made.write_inline_program(PROGRAM)
        made.up()
        yield made
        made.destroy()
    shutil.rmtree(folder)


@pytest.fixture
def changed(engine: Engine) -> Iterator[Engine]:
    """The stack, for tests that change something by hand: it is as it was applied afterwards."""
    yield engine
    declare(engine)
    engine.up("--refresh")


@pytest.fixture
def kubeconfig(engine: Engine, control_plane: ControlPlane) -> Iterator[Path]:
    """The file that the stack's provider was given, for tests that write another way to a cluster into it."""
    file = Path(engine.environment["KUBECONFIG"])
    yield file
    shutil.copy(control_plane.kubeconfig, file)


def declare(engine: Engine, canary: str = "") -> None:
    (engine.directory / f"{STACK}.py").write_text(MODULE.format(canary=canary))


def command_on(engine: Engine, name: str, *words: str, stack: str = STACK) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "seldon_infra.cli.main", name, "--stack", stack, *words]
    done = subprocess.run(
        command, cwd=engine.directory, env=engine.environment, capture_output=True, text=True, timeout=240
    )
    assert "Traceback" not in done.stderr
    assert SECRET not in done.stdout + done.stderr
    return done


def drift(engine: Engine, *words: str) -> subprocess.CompletedProcess[str]:
    return command_on(engine, "drift", *words)


def drifted(engine: Engine, *words: str) -> dict[str, Any]:
    done = drift(engine, "--format", "json", *words)
    assert done.returncode == 7, done.stdout + done.stderr
    return dict(json.loads(done.stdout))


def not_drifted(engine: Engine, *words: str) -> dict[str, Any]:
    done = drift(engine, "--format", "json", *words)
    assert done.returncode == 0, done.stdout + done.stderr
    return dict(json.loads(done.stdout))


def change_traffic(control_plane: ControlPlane, manager: str = "somebody") -> None:
    control_plane.change(PATH, to_other_traffic, manager)


def scale(control_plane: ControlPlane, manager: str, pods: int = 3) -> None:
    """Set the number of pods through the subresource, as an autoscaler does, and `kubectl scale`."""
    control_plane.change(f"{DEPLOYMENT}/scale", lambda found: found["spec"].update(replicas=pods), manager)


def test_a_stack_that_nobody_changed_has_no_drift(engine: Engine) -> None:
    done = drift(engine)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout == "stack 'test': no drift\n"


def test_a_field_changed_by_hand_is_named_with_both_values_and_who_did_it(
    changed: Engine, control_plane: ControlPlane
) -> None:
    change_traffic(control_plane)
    (found,) = drifted(changed)["objects"]
    assert (found["object"], found["state"]) == ("SeldonDeployment drifting/iris", "changed")
    fields = {each["field"]: (each["applied"], each["there"], each["manager"]) for each in found["fields"]}
    assert fields == {
        "spec.predictors[main].traffic": (90, 60, "somebody"),
        "spec.predictors[canary].traffic": (10, 40, "somebody"),
    }
    (changed.directory / f"{STACK}.py").unlink()
    done = drift(changed, "--skip-preview")
    # A slow machine is told how far it is.
    said = [line for line in done.stderr.splitlines() if " objects after " not in line]
    assert (done.returncode, said) == (7, [])
    assert "spec.predictors[main].traffic" in done.stdout
    assert "somebody, 20" in done.stdout
    done = drift(changed)
    assert done.returncode == 7
    assert "note: what is declared and not applied is not known, for the preview failed: " in done.stderr
    assert f"stack '{STACK}': no definition" in done.stderr


def test_what_an_operator_changes_is_no_drift_and_said_so(changed: Engine, control_plane: ControlPlane) -> None:
    change_traffic(control_plane, "manager")
    found = not_drifted(changed, "--skip-preview")
    assert [(each["field"], each["manager"]) for each in found["owned"]] == [
        ("spec.predictors[main].traffic", "manager"),
        ("spec.predictors[canary].traffic", "manager"),
    ]


def test_a_number_of_pods_is_drift_unless_an_autoscaler_decides_it(
    changed: Engine, control_plane: ControlPlane
) -> None:
    scale(control_plane, "kubectl")
    (found,) = drifted(changed, "--skip-preview")["objects"]
    (field,) = found["fields"]
    assert (field["field"], field["applied"], field["there"], field["manager"]) == ("spec.replicas", 1, 3, "kubectl")

    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "server"}
    metadata = {"name": "server", "namespace": NAMESPACE}
    spec = {"scaleTargetRef": target, "minReplicas": 1, "maxReplicas": 5}
    control_plane.request("POST", AUTOSCALER, {"metadata": metadata, "spec": spec})
    assert "replicas" not in json.dumps(not_drifted(changed, "--skip-preview"))

    control_plane.request("DELETE", f"{AUTOSCALER}/server")
    scale(control_plane, "kube-controller-manager", 4)
    assert "replicas" not in json.dumps(not_drifted(changed, "--skip-preview"))


def test_what_the_api_server_writes_in_another_way_is_no_drift_and_a_secret_is_not_shown(
    changed: Engine, control_plane: ControlPlane
) -> None:
    def change(found: dict[str, Any]) -> None:
        container = found["spec"]["template"]["spec"]["containers"][0]
        assert container["resources"]["limits"]["cpu"] == "500m"
        container["image"] = "server:2"

    control_plane.change(DEPLOYMENT, change)
    control_plane.change(ACCESS, lambda secret: secret.update(data={"key": "c3dvcmRmaXNo"}))
    fields = [field for each in drifted(changed, "--skip-preview")["objects"] for field in each["fields"]]
    assert {each["field"]: (each["there"], each["manager"]) for each in fields} == {
        "spec.template.spec.containers[server].image": ("server:2", "somebody"),
        "data": ("[secret]", "somebody"),  # the SDK keeps it secret as a whole
    }


def test_an_object_that_somebody_deleted_is_gone(changed: Engine, control_plane: ControlPlane) -> None:
    control_plane.request("DELETE", PATH)
    (found,) = drifted(changed)["objects"]
    assert (found["object"], found["state"]) == ("SeldonDeployment drifting/iris", "gone")


def test_what_is_declared_and_not_applied_is_told_apart(changed: Engine, control_plane: ControlPlane) -> None:
    declare(changed, "replicas=2")
    (pending,) = not_drifted(changed)["pending"]
    assert pending["fields"] == [{"field": "spec.predictors[canary].replicas", "applied": None, "declared": 2}]
    change_traffic(control_plane)
    found = drifted(changed)
    assert [each["field"] for each in found["objects"][0]["fields"]] == [
        "spec.predictors[main].traffic",
        "spec.predictors[canary].traffic",
    ]
    assert [each["field"] for each in found["pending"][0]["fields"]] == ["spec.predictors[canary].replicas"]


def test_a_plan_compares_what_is_there_with_what_is_declared(changed: Engine, control_plane: ControlPlane) -> None:
    change_traffic(control_plane)
    declare(changed, "replicas=2")
    done = command_on(changed, "plan", "--format", "json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    (route,) = found["routes"]
    assert route["route"] == "drifting/iris"
    shares = {it["predictor"]: (it["before"]["share"], it["after"]["share"]) for it in route["shares"]}
    assert shares == {"main": (60, 90), "canary": (40, 10)}
    assert [(each["part"], each["what"], each["before"], each["after"]) for each in found["pods"]] == [
        ("predictor canary", "scale", 1, 2)
    ]


def test_who_may_not_is_told_which_right_is_missing(
    engine: Engine, control_plane: ControlPlane, kubeconfig: Path
) -> None:
    shutil.copy(control_plane.kubeconfig_of(NOBODY), kubeconfig)
    done = drift(engine)
    assert done.returncode not in (0, 7)
    assert 'User "nobody" cannot get resource' in done.stderr
    assert "ask for a Role with that verb and resource" in done.stderr
    assert done.stdout == ""


def test_who_changed_something_is_left_open_where_nobody_may_ask(
    changed: Engine, control_plane: ControlPlane, kubeconfig: Path
) -> None:
    """The engine's provider may read the objects, and the list of autoscalers nobody has granted."""
    rules = [
        {
            "apiGroups": ["*"],
            "resources": [
                "namespaces",
                "seldondeployments",
                "deployments",
                "secrets",
                "serviceaccounts",
                "networkpolicies",
            ],
            "verbs": ["get"],
        }
    ]
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "reads"}
    users = [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": NOBODY.name}]
    control_plane.request("POST", f"{RBAC}/clusterroles", {"metadata": {"name": "reads"}, "rules": rules})
    binding = {"metadata": {"name": "reads"}, "roleRef": role, "subjects": users}
    control_plane.request("POST", f"{RBAC}/clusterrolebindings", binding)
    try:
        scale(control_plane, "kubectl")
        until_allowed(control_plane, NOBODY, "get", group=GROUP, resource=PLURAL, namespace=NAMESPACE)
        shutil.copy(control_plane.kubeconfig_of(NOBODY), kubeconfig)
        done = drift(changed, "--skip-preview")
    finally:
        shutil.copy(control_plane.kubeconfig, kubeconfig)
        control_plane.request("DELETE", f"{RBAC}/clusterrolebindings/reads")
        control_plane.request("DELETE", f"{RBAC}/clusterroles/reads")
    assert done.returncode == 7
    assert "kubectl" in done.stdout
    assert "note: whether an autoscaler decides the pods of Deployment drifting/server is not known: " in done.stderr
    assert 'cannot list resource "horizontalpodautoscalers"' in done.stderr


def test_an_expired_token_is_told(engine: Engine, control_plane: ControlPlane, kubeconfig: Path) -> None:
    shutil.copy(control_plane.kubeconfig_of(User("unknown", "expired")), kubeconfig)
    done = drift(engine)
    assert done.returncode not in (0, 7)
    assert "Unauthorized; the cluster does not know who asks: log in again" in done.stderr


def test_an_unreachable_cluster_is_told(engine: Engine, control_plane: ControlPlane, kubeconfig: Path) -> None:
    kubeconfig.write_text(kubeconfig.read_text().replace(control_plane.url, "https://127.0.0.1:9"))
    done = drift(engine)
    assert done.returncode not in (0, 7)
    assert "https://127.0.0.1:9" in done.stderr
    assert "check the connection and your kubeconfig" in done.stderr


def test_a_cluster_that_never_answers_is_named_when_the_time_is_up(
    engine: Engine, control_plane: ControlPlane, kubeconfig: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        away = f"https://127.0.0.1:{silent.getsockname()[1]}"
        kubeconfig.write_text(kubeconfig.read_text().replace(control_plane.url, away))
        monkeypatch.setitem(engine.environment, "STAND_IN_ANSWER_SECONDS", "100")
        for seconds in (6, 18, 54):  # a busy machine takes longer to come as far as asking
            done = drift(engine, "--timeout", str(seconds))
            assert (done.returncode, done.stdout) == (2, "")
            assert f"pulumi refresh was not done within {seconds} s" in done.stderr
            if "it was waiting for " in done.stderr:
                break
    assert "kubernetes:apps/v1:Deployment server" in done.stderr


def test_an_unknown_stack_is_told_with_the_engines_own_status(engine: Engine) -> None:
    plain = engine.run("refresh", "--stack", "nowhere", "--preview-only", check=False)
    done = command_on(engine, "drift", stack="nowhere")
    assert done.returncode == plain.returncode
    assert "no stack named 'nowhere'" in done.stderr

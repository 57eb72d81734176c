"""Pods are locked up; each way out has a name, and nothing is opened by accident."""

from __future__ import annotations

from typing import Any

import pytest

from seldon_infra.graph.render import seldon_deployment
from seldon_infra.graph.render_security import USED
from seldon_infra.graph.spec import (
    Amounts,
    ContainerSecurity,
    EnvVar,
    Explainer,
    Model,
    PodSecurity,
    PodTemplate,
    Predictor,
    Resources,
    SeldonDeployment,
)
from seldon_infra.servers.spec import MLflowServer, Server, SklearnServer, TensorFlowServer, TritonServer
from tests.unit.graph.cases import single, sklearn


def pod(node: Model, *, template: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    """Give the PodSpec of a deployment of one node."""
    predictor = Predictor(name="main", graph=node, pod=PodTemplate(spec=template) if template else None)
    (rendered,) = seldon_deployment(SeldonDeployment(name="demo", predictors=[predictor], **fields))["spec"][
        "predictors"
    ]
    return dict(rendered["componentSpecs"][0]["spec"])


def test_each_container_of_a_pod_has_no_rights_and_a_root_that_stays_as_it_is() -> None:
    rendered = pod(sklearn("iris"), template={"containers": [{"name": "proxy", "image": "acme/proxy:1"}]})
    assert [each["name"] for each in rendered["containers"]] == ["iris", "proxy"]
    for container in (*rendered["initContainers"], *rendered["containers"]):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        }
        assert "/tmp" in [mount["mountPath"] for mount in container["volumeMounts"]]
        assert set(container["resources"]["limits"]) == {"cpu", "memory", "ephemeral-storage"}
    assert rendered["automountServiceAccountToken"] is False


@pytest.mark.parametrize(
    ("security", "at", "there"),
    [
        (PodSecurity(run_as_user=8888), ("securityContext", "runAsUser"), 8888),
        (PodSecurity(run_as_group=0), ("securityContext", "runAsGroup"), 0),
        (PodSecurity(run_as_non_root=False), ("securityContext", "runAsNonRoot"), False),
        (PodSecurity(seccomp="Unconfined"), ("securityContext", "seccompProfile", "type"), "Unconfined"),
        (PodSecurity(service_account_token=True), ("automountServiceAccountToken",), True),
        (PodSecurity(scratch="3Gi"), ("volumes", 0, "emptyDir", "sizeLimit"), "3Gi"),
        (PodSecurity(model_space="90Gi"), ("volumes", 1, "emptyDir", "sizeLimit"), "90Gi"),
        (PodSecurity(image_pull_policy="Never"), ("containers", 0, "imagePullPolicy"), "Never"),
        (PodSecurity(read_only_root=False), ("containers", 0, "securityContext", "readOnlyRootFilesystem"), False),
        (PodSecurity(capabilities=["CHOWN"]), ("containers", 0, "securityContext", "capabilities", "add"), ["CHOWN"]),
        (
            PodSecurity(privilege_escalation=True),
            ("containers", 0, "securityContext", "allowPrivilegeEscalation"),
            True,
        ),
    ],
)
def test_a_field_opens_what_it_names_and_nothing_else(
    security: PodSecurity, at: tuple[Any, ...], there: object
) -> None:
    opened, closed = pod(sklearn("iris"), security=security), pod(sklearn("iris"))
    assert _at(opened, at) == there
    assert _without(opened, at) == _without(closed, at)


def test_shared_memory_is_as_large_as_is_said() -> None:
    triton = Model(name="m", server=TritonServer(), model_uri="s3://models/m")
    (volume,) = (
        each
        for each in pod(triton, security=PodSecurity(shared_memory="4Gi"), protocol="v2")["volumes"]
        if each["name"] == "shared-memory"
    )
    assert volume["emptyDir"] == {"medium": "Memory", "sizeLimit": "4Gi"}


def _at(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


def _without(rendered: dict[str, Any], at: tuple[Any, ...]) -> list[tuple[tuple[Any, ...], Any]]:
    """Give every leaf but the one that was opened, in whichever container it is."""
    return [
        (path, leaf) for path, leaf in _leaves(rendered, ()) if path[-len(at[-1:]) :] != at[-1:] and at[-1] not in path
    ]


def _leaves(value: Any, path: tuple[Any, ...]) -> list[tuple[tuple[Any, ...], Any]]:
    match value:
        case dict():
            return [leaf for key, item in value.items() for leaf in _leaves(item, (*path, key))]
        case list():
            return [leaf for index, item in enumerate(value) for leaf in _leaves(item, (*path, index))]
    return [(path, value)]


def test_a_container_of_its_own_security_says_all_of_it() -> None:
    rendered = pod(sklearn("iris", security=ContainerSecurity(run_as_user=1000, read_only_root=False)))
    assert rendered["securityContext"]["runAsUser"] == 10001
    assert rendered["containers"][0]["securityContext"] == {
        "runAsUser": 1000,
        "runAsGroup": 10001,
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": False,
    }


@pytest.mark.parametrize(
    ("said", "limits", "requests"),
    [
        (None, USED["limits"], USED["requests"]),
        (
            Resources(requests=Amounts(cpu=1, memory="8Gi")),
            {"cpu": "1", "memory": "8Gi", "ephemeral-storage": "12Gi"},
            {"cpu": "1", "memory": "8Gi", "ephemeral-storage": "1Gi"},
        ),
        (
            Resources(limits=Amounts(gpu=1, memory="16Gi")),
            {"cpu": "2", "memory": "16Gi", "ephemeral-storage": "12Gi", "nvidia.com/gpu": "1"},
            {"cpu": "500m", "memory": "16Gi", "ephemeral-storage": "1Gi"},
        ),
    ],
)
def test_an_amount_on_one_side_holds_for_both_and_one_on_neither_is_the_default(
    said: Resources | None, limits: dict[str, str], requests: dict[str, str]
) -> None:
    rendered = pod(sklearn("iris", resources=said))["containers"][0]["resources"]
    assert rendered == {"limits": limits, "requests": requests}


@pytest.mark.parametrize(
    ("server", "protocol", "group"),
    [(SklearnServer(), "v2", [0]), (SklearnServer(), "seldon", None), (TritonServer(), "v2", None)],
)
def test_files_that_an_image_opens_to_the_group_root_alone_can_be_read(
    server: Server, protocol: str, group: list[int] | None
) -> None:
    rendered = pod(Model(name="m", server=server, model_uri="s3://b/m"), protocol=protocol)
    assert rendered["securityContext"].get("supplementalGroups") == group


def test_mlserver_writes_to_its_scratch_space_unless_the_definition_says_where() -> None:
    said = [EnvVar(name="HF_HOME", value="/mnt/cache")]
    env = {each["name"]: each["value"] for each in pod(sklearn("m", env=said), protocol="v2")["containers"][0]["env"]}
    assert (env["HF_HOME"], env["MLSERVER_METRICS_DIR"]) == ("/mnt/cache", "/tmp/metrics")


def test_triton_has_shared_memory_for_its_python_backend() -> None:
    rendered = pod(Model(name="m", server=TritonServer(), model_uri="s3://b/m"), protocol="v2")
    assert {"name": "shared-memory", "mountPath": "/dev/shm"} in rendered["containers"][0]["volumeMounts"]


def test_an_image_that_installs_at_its_start_keeps_a_root_that_can_be_written() -> None:
    rendered = pod(Model(name="m", server=MLflowServer(), model_uri="s3://b/m"))
    assert rendered["containers"][0]["securityContext"]["readOnlyRootFilesystem"] is False


def test_a_claim_is_mounted_where_the_model_is_fetched_from() -> None:
    rendered = pod(Model(name="m", server=SklearnServer(), model_uri="pvc://models/iris/1"))
    assert rendered["initContainers"][0]["args"] == ["/mnt/pvc/iris/1", "/mnt/models"]
    assert rendered["volumes"][-1]["persistentVolumeClaim"] == {"claimName": "models", "readOnly": True}


@pytest.mark.parametrize(
    ("node", "fields"),
    [
        (sklearn("m"), {"security": PodSecurity(initializer="operator")}),
        (sklearn("m"), {"pod_defaults": "operator"}),
        (Model(name="m", server=TensorFlowServer(), model_uri="gs://b/m"), {}),
        (
            Model(name="m", server=TritonServer(), model_uri="s3://b"),
            {"protocol": "v2", "no_storage_initializer": True},
        ),
    ],
)
def test_the_operator_fetches_models_where_it_is_told_to_or_must(node: Model, fields: dict[str, Any]) -> None:
    predictor = Predictor(name="main", graph=node)
    rendered = seldon_deployment(SeldonDeployment(name="demo", predictors=[predictor], **fields))
    pods = rendered["spec"]["predictors"][0].get("componentSpecs", [])
    assert [each for each in pods if "initContainers" in each["spec"]] == []


def test_an_explainer_is_locked_up_as_far_as_one_container_can_be() -> None:
    explained = single(explainer=Explainer(type="ALE", model_uri="s3://b/e"))
    container = seldon_deployment(explained)["spec"]["predictors"][0]["explainer"]["containerSpec"]
    assert container["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"]["readOnlyRootFilesystem"] is False

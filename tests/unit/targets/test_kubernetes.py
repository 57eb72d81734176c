"""What a cluster is asked for; the engine's answers are the SDK's test double, a cluster comes with its own tests."""

from __future__ import annotations

from base64 import b64decode
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.unit.targets.program import Declared, declare

SIGNATURE, SECRET = "4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"
"""The key and the value by which Pulumi marks a secret on the wire."""


@pytest.fixture
def declared(tmp_path: Path) -> Any:
    def run(deployments: str, target: str = "Kubernetes()") -> Declared:
        return declare(deployments, target, tmp_path, preview=True)

    return run


def spec(done: Declared) -> Any:
    assert done.made, done.said
    return done.one("SeldonDeployment")["spec"]


def canary(traffic: str) -> str:
    return f"deployment(predictor(traffic=40), predictor('b', traffic={traffic}))"


@pytest.mark.parametrize("traffic", ["60", "later(60)"])
def test_a_deployment_becomes_its_namespace_and_the_operators_custom_resource(declared: Any, traffic: str) -> None:
    done = declared(canary(traffic))
    assert [each["traffic"] for each in spec(done)["predictors"]] == [40, 60]
    # The program waits, not the provider.
    assert done.one("SeldonDeployment")["metadata"]["annotations"] == {"seldon-infra/stack": "project/stack"}
    assert done.one("Namespace")["metadata"]["name"] == "ns"


def test_what_is_known_late_is_held_to_the_same_rules(declared: Any) -> None:
    done = declared(canary("later(50)"))
    assert not done.made
    assert "traffic 40 + 50 = 90, must sum to 100" in done.said


@pytest.mark.parametrize(
    ("late", "said"),
    [
        ("deployment(replicas=later([1]))", "SeldonDeployment 'd': replicas [1], must be a whole number"),
        ("deployment(timeouts=Timeouts(rest=later(5)))", "timeouts: rest 5, must be a string"),
        ("deployment(predictor(graph=model(server=PythonServer(source='a.py', class_name='A', image=later(None)))))",
         "image is not set"),
    ],
)  # fmt: skip
def test_what_comes_late_and_is_wrong_is_said_in_one_error_of_the_users(declared: Any, late: str, said: str) -> None:
    done = declared(late)
    assert not done.made
    assert said in done.said
    assert "RunError" in done.said
    assert "errors.InvalidSpec" not in done.said


@pytest.mark.parametrize(
    "late",
    [
        "deployment(predictor(graph=model(parameters=[Parameter(name='t', value=secret('hunter2'), type='INT')])))",
        "deployment(oauth_secret=secret(['hunter2']))",
        "deployment(oauth_key=secret(['hunter2']))",
        "deployment(labels={'team': secret('hunter2 and some')})",
        "deployment(namespace=secret('Hunter2'))",
    ],
)
def test_a_secret_that_is_wrong_is_not_told(declared: Any, late: str) -> None:
    done = declared(late)
    assert "must" in done.said
    assert "hunter2" not in done.said.lower()


def test_the_text_of_a_manifest_is_made_of_what_came(declared: Any) -> None:
    amounts = "Amounts(cpu=later(0.5), memory=later(None))"
    done = declared(f"deployment(predictor(graph=model(resources=Resources(limits={amounts}))), replicas=later(2))")
    (pod,) = spec(done)["predictors"][0]["componentSpecs"]
    limits = pod["spec"]["containers"][0]["resources"]["limits"]
    assert limits == {"cpu": "0.5", "memory": "4Gi", "ephemeral-storage": "12Gi"}
    assert spec(done)["replicas"] == 2


def test_containers_are_merged_by_names_that_come_late(declared: Any) -> None:
    containers = "[{'name': later('m'), 'image': 'x:1'}]"
    done = declared(f"deployment(predictor(pod=PodTemplate(spec={{'containers': {containers}}})))")
    (pod,) = spec(done)["predictors"][0]["componentSpecs"]
    (container,) = pod["spec"]["containers"]
    assert container["image"] == "x:1"
    assert container["securityContext"]["allowPrivilegeEscalation"] is False


def test_a_pod_s_whole_list_may_come_late(declared: Any) -> None:
    containers = "later([{'name': 'm', 'image': 'x:1'}])"
    done = declared(f"deployment(predictor(pod=PodTemplate(spec={{'containers': {containers}}})))")
    (pod,) = spec(done)["predictors"][0]["componentSpecs"]
    assert [each["image"] for each in pod["spec"]["containers"]] == ["x:1"]
    assert pod["spec"]["containers"][0]["securityContext"]["allowPrivilegeEscalation"] is False


def test_a_namespace_that_comes_late_is_somebody_elses_to_declare(declared: Any) -> None:
    done = declared("deployment(namespace=later('team'))")
    assert done.one("SeldonDeployment")["metadata"]["namespace"] == "team"
    assert [kind for kind, _, _ in done.made if kind.endswith(":Namespace")] == []


def test_a_namespace_is_declared_once_and_objects_are_named_by_their_deployments(declared: Any) -> None:
    done = declared("deployment(), deployment(name='e')")
    names = Counter(name for kind, name, _ in done.made if not kind.startswith("pulumi:"))
    # The component, its account, its policy, the custom resource; what is known of models is one for all.
    assert names == {"ns": 1, "d": 4, "e": 4, "models": 1}


@pytest.mark.parametrize("key", ["'hunter2'", "secret('hunter2')", "later('hunter2')"])
def test_credentials_become_a_secret_of_rclones_variables(declared: Any, key: str) -> None:
    done = declared(f"deployment(storage=[S3Storage(access_key_id='AKIA', secret_access_key={key})])")
    sealed = done.one("Secret")["data"]
    assert sealed[SIGNATURE] == SECRET
    data = sealed["value"]
    assert b64decode(data["RCLONE_CONFIG_S3_SECRET_ACCESS_KEY"]) == b"hunter2"
    assert spec(done)["predictors"][0]["graph"]["envSecretRefName"] == "d-storage"


@pytest.mark.parametrize("password", ["'hunter2'", "later('hunter2')"])
def test_what_brokers_are_shown_is_a_secret_however_it_is_given(declared: Any, password: str) -> None:
    login = f"KafkaLogin(username='payloads', password={password})"
    kafka = f"PayloadKafka(brokers=later('kafka:9092'), topic='payloads', login={login})"
    log = f"PayloadLog(image='acme/log:1', namespace='logs', kafka={kafka})"
    done = declared("deployment(predictor(graph=model(logger=Logger(mode='all'))))", f"Kubernetes(payloads={log})")
    assert done.made, done.said
    sealed = done.one("Secret")["data"]
    assert sealed[SIGNATURE] == SECRET
    assert b64decode(sealed["value"]["sasl.password"]) == b"hunter2"


@pytest.mark.parametrize("key", ["'hunter2'", "secret('hunter2')"])
def test_credentials_of_a_model_server_are_a_secret_of_its_own_and_open_their_stores_port(
    key: str, tmp_path: Path
) -> None:
    store = f"S3Storage(access_key_id='AKIA', secret_access_key={key}, endpoint=later('http://minio:9000'))"
    server = f"ModelServer(name='alone', server=SklearnServer(), model_uri='s3://b/m', storage=[{store}])"
    done = declare("*()", "Kubernetes(live_checks='skip')", tmp_path, servers=server)
    assert done.made, done.said
    secret = done.one("Secret")
    assert (secret["metadata"]["name"], secret["data"][SIGNATURE]) == ("alone-storage", SECRET)
    assert b64decode(secret["data"]["value"]["RCLONE_CONFIG_S3_SECRET_ACCESS_KEY"]) == b"hunter2"
    (fetches,) = done.one("Deployment")["spec"]["template"]["spec"]["initContainers"]
    assert fetches["envFrom"] == [{"secretRef": {"name": "alone-storage"}}]
    ports = [each["port"] for each in done.one("NetworkPolicy")["spec"]["egress"][1]["ports"]]
    assert ports == [443, 9000]


def test_ports_that_come_late_are_let_through(declared: Any) -> None:
    done = declared("deployment(predictor(graph=model(model_uri=later('http://store:8081/m'))))")
    assert {"ports": [{"protocol": "TCP", "port": 443}, {"protocol": "TCP", "port": 8081}]} in (
        done.one("NetworkPolicy")["spec"]["egress"]
    )

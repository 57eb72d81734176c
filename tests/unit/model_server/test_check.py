from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from seldon_infra.artifacts.spec import GcsStorage, MlflowStorage, OciStorage, S3Storage
from seldon_infra.core.model import resolve
from seldon_infra.graph.spec import (
    Amounts,
    Hpa,
    Keda,
    KedaTrigger,
    MetricTarget,
    PodSecurity,
    PodTemplate,
    ResourceMetric,
    Resources,
)
from seldon_infra.model_server.check import check_model_server, check_model_server_locally
from seldon_infra.model_server.spec import ModelServer, ServiceMonitor
from seldon_infra.servers.spec import ContainerServer, MLServerRuntime, SklearnServer, TritonServer
from tests.unit.core.later import Later
from tests.unit.model_server.cases import CASES

IRIS = "model server 'iris'"


class Row(NamedTuple):
    """One rule: a server that breaks it alone, what is said, and its nearest neighbour that keeps it."""

    wrong: ModelServer
    message: str
    right: ModelServer


def iris(**fields: Any) -> ModelServer:
    return ModelServer(**{"name": "iris", "server": SklearnServer(), "model_uri": "s3://models/iris", **fields})


def runtime(**fields: Any) -> MLServerRuntime:
    return MLServerRuntime(source="scale.py", class_name="Scale", **fields)


def scaled(most: int) -> Hpa:
    metrics = [ResourceMetric(name="cpu", target=MetricTarget(average_utilization=70))]
    return Hpa(min_replicas=2, max_replicas=most, metrics=metrics)


SERVERS = (
    "TritonServer, SklearnServer, XGBoostServer, MLflowServer, HuggingFaceServer, TempoServer, LightGBMServer, "
    "OnnxServer, TorchServeServer, MLServerRuntime"
)
ROWS = {
    "its name is a service's": Row(
        iris(name="1-iris"),
        "model server '1-iris': name '1-iris', must be lower-case letters, digits and '-', begin with a letter and "
        "have at most 63 characters; write name='my-model'",
        iris(name="i" * 63),
    ),
    "it runs alone": Row(
        iris(server=ContainerServer(image="acme/score:1", speaks=["v2"])),
        f"{IRIS}: server ContainerServer, must be one of {SERVERS}; use one of them, or a SeldonDeployment",
        iris(server=TritonServer()),
    ),
    "its storage is a store": Row(
        iris(model_uri="models:/iris/1", storage=[MlflowStorage(tracking_uri="https://mlflow.acme.io")]),
        f"{IRIS}: storage has an MlflowStorage, must be of a store, from which pods fetch files by themselves; write "
        "the URI of its files in a store",
        iris(storage=[S3Storage()]),
    ),
    "its credentials are whole": Row(
        iris(storage=[S3Storage(access_key_id="id")]),
        f"{IRIS}: access_key_id is given alone, must come with secret_access_key; write secret_access_key=secret(…)",
        iris(storage=[S3Storage(access_key_id="id", secret_access_key="key")]),
    ),
    "its storage is that of its model": Row(
        iris(storage=[GcsStorage()], model_uri="s3://models/iris"),
        f"{IRIS}: scheme 'gs' is used by no URI, must be that of a model_uri, gs://…; remove it",
        iris(storage=[GcsStorage()], model_uri="gs://models/iris"),
    ),
    "an image with a model has a name": Row(
        iris(model_uri="oci://ghcr.io/Acme/iris"),
        f"{IRIS}: model_uri 'oci://ghcr.io/Acme/iris', must be oci:// and an image's name in lower case, with a tag or "
        "a whole digest at most; write model_uri='oci://registry/name:tag'",
        iris(model_uri=f"oci://ghcr.io/acme/iris@sha256:{'0a' * 32}"),
    ),
    "Triton alone looks for changed models": Row(
        iris(model_uri="pvc://c/iris", model_control="poll"),
        f"{IRIS}: model_control 'poll' with server SklearnServer, must be 'none' but for a TritonServer; "
        "remove model_control",
        iris(server=TritonServer(), model_uri="pvc://c/iris", model_control="poll"),
    ),
    "Triton alone has a command line": Row(
        iris(arguments=["--log-verbose=1"]),
        f"{IRIS}: arguments with server SklearnServer, must be for a TritonServer alone; "
        "remove arguments, and write env",
        iris(server=TritonServer(), arguments=["--log-verbose=1"]),
    ),
    "what the library writes is not written twice": Row(
        iris(server=TritonServer(), arguments=["--http-port=80"]),
        f"{IRIS}: arguments '--http-port=80', must be one option of Triton's, --NAME=VALUE, that the library does not "
        "write; remove '--http-port=80'",
        iris(server=TritonServer(), arguments=["--http-thread-count=2"]),
    ),
    "an argument is an option": Row(
        iris(server=TritonServer(), arguments=["verbose"]),
        f"{IRIS}: arguments 'verbose', must be one option of Triton's, --NAME=VALUE, that the library does not "
        "write; remove 'verbose'",
        iris(server=TritonServer(), arguments=["--log-error=true"]),
    ),
    "what is fetched does not change": Row(
        iris(server=TritonServer(), model_control="poll"),
        f"{IRIS}: model_control 'poll' with model_uri 's3://models/iris', must be of a claim: what is fetched from "
        "elsewhere never changes under a pod; write model_uri='pvc://CLAIM/PATH', or remove model_control",
        iris(server=TritonServer(), model_uri="pvc://c/iris", model_control="poll"),
    ),
    "who may load models is said": Row(
        iris(server=TritonServer(), model_uri="pvc://c/iris", model_control="explicit"),
        f"{IRIS}: model_control 'explicit' without control_secret, must have one, or whoever reaches the port unloads "
        "models; write control_secret='NAME', with the key token",
        iris(server=TritonServer(), model_uri="pvc://c/iris", model_control="explicit", control_secret="triton"),
    ),
    "a secret for nothing": Row(
        iris(server=TritonServer(), model_uri="pvc://c/iris", model_control="poll", control_secret="triton"),
        f"{IRIS}: control_secret with model_control 'poll', must be with 'explicit' alone; remove control_secret",
        iris(server=TritonServer(), model_uri="pvc://c/iris", model_control="explicit", control_secret="triton"),
    ),
    "the secret is a Kubernetes object": Row(
        iris(server=TritonServer(), model_uri="pvc://c/iris", model_control="explicit", control_secret="My Secret"),
        f"{IRIS}: control_secret 'My Secret', must be the name of a Kubernetes object; write control_secret='triton'",
        iris(server=TritonServer(), model_uri="pvc://c/iris", model_control="explicit", control_secret="my-secret"),
    ),
    "one autoscaler decides": Row(
        iris(hpa=scaled(3), keda=Keda(triggers=[KedaTrigger(type="cron", metadata={})])),
        f"{IRIS}: hpa and keda are both given, must be one of them, because each sets the number of pods; remove hpa",
        iris(keda=Keda(triggers=[KedaTrigger(type="cron", metadata={})])),
    ),
    "a class of one's own has an image": Row(
        iris(server=runtime()),
        f"{IRIS}: image is not set, must be set for MLServerRuntime; build an image with the class and write "
        'image="registry/name@sha256:…"',
        iris(server=runtime(), image="acme/scale:1"),
    ),
    "callers are namespaces": Row(
        iris(callers=["Shop"]),
        f"{IRIS}: callers 'Shop', must be a namespace's name; write callers=['my-team']",
        iris(callers=["shop"]),
    ),
    "a port is one": Row(
        iris(storage_ports=[0]),
        f"{IRIS}: storage_ports 0, must be between 1 and 65535; write storage_ports=[443]",
        iris(storage_ports=[443, 9000]),
    ),
    "a monitor reads at an interval": Row(
        iris(service_monitor=ServiceMonitor(interval="often")),
        f"{IRIS}: service_monitor.interval 'often', must be a duration; write interval='30s'",
        iris(service_monitor=ServiceMonitor(interval="1m")),
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_rule_says_what_is_wrong_and_nothing_about_what_is_right(row: Row) -> None:
    said = [str(problem) for problem in check_model_server(row.wrong)]
    assert row.message in said
    assert check_model_server(row.right) == []


@pytest.mark.parametrize("name", CASES)
def test_a_golden_file_shows_what_a_cluster_can_run(name: str) -> None:
    assert check_model_server(CASES[name].server) == []


@pytest.mark.parametrize(
    ("wrong", "part"),
    [
        (iris(model_uri=None), "model_uri is not set"),
        (iris(model_uri="models/iris"), "model_uri 'models/iris'"),
        (iris(image="acme/iris@sha256:0a0a"), "must have a digest of 64 hexadecimal digits"),
        (iris(resources=Resources(limits=Amounts(memory="much"))), "resources.limits.memory 'much'"),
        (iris(security=PodSecurity(run_as_user=0)), "security.run_as_user 0"),
        (iris(hpa=scaled(1)), "max_replicas 1"),
        (iris(pod=PodTemplate(spec={"containers": None})), "pod.spec.containers None"),
        (iris(replicas=-1), "replicas -1"),
    ],
)
def test_a_rule_of_nodes_holds_too_and_names_the_server(wrong: ModelServer, part: str) -> None:
    said = [str(problem) for problem in check_model_server(wrong)]
    assert len(said) == 1
    assert said[0].startswith(f"{IRIS}: ")
    assert part in said[0]


def test_what_comes_late_is_judged_when_it_is_there() -> None:
    late = iris(image=Later(), callers=[Later()])
    assert check_model_server(late) == []
    assert check_model_server(resolve(late, {"image": "acme/iris:1", "callers[0]": "shop"})) == []
    assert len(check_model_server(resolve(late, {"image": "UPPER", "callers[0]": "Shop"}))) == 2


def test_on_this_machine_it_is_a_deployment_of_one_node() -> None:
    assert check_model_server_locally(iris(), portable=True) == []
    (problem,) = check_model_server_locally(iris(server=runtime(), env=[], model_uri=None, name="Iris"), portable=True)[
        :1
    ]
    assert problem.path == "model server 'Iris'"


def test_who_reads_an_image_here_is_no_credential_of_its_pods() -> None:
    read = OciStorage(registry="ghcr.io/acme", username="reader", password="p")
    assert check_model_server(iris(model_uri="oci://ghcr.io/acme/iris:7", storage=[read])) == []

from __future__ import annotations

import pytest

from seldon_infra.artifacts.spec import MlflowStorage, S3Storage
from seldon_infra.graph.check import check, check_cluster, check_local
from seldon_infra.graph.spec import EnvVar, Explainer, Logger, RandomAbTest, Router, SecretKey
from seldon_infra.servers.spec import (
    CatalogueServer,
    ContainerServer,
    MLServerRuntime,
    OnnxServer,
    SklearnServer,
    TempoServer,
    Tensor,
    TorchServeServer,
    TritonModel,
    TritonRepository,
    TritonServer,
)
from seldon_infra.stack import Stack
from seldon_infra.targets.spec import Kubernetes
from tests.unit.graph.check.build import (
    DEPLOYMENT,
    NODE,
    PREDICTOR,
    Row,
    deployment,
    graph,
    model,
    of_node,
    of_predictor,
    predictor,
    python,
)


def container(**fields: object) -> ContainerServer:
    return ContainerServer(**{"image": "acme/score:1", "speaks": ["seldon"], **fields})


OK = model(server=python(), model_uri=None)
TF = container(speaks=["tensorflow"], local_command=["score"])
TRITON = TritonModel(
    inputs=[Tensor(name="x", dtype="FP32", dims=[1])], outputs=[Tensor(name="y", dtype="FP32", dims=[1])]
)
REPOSITORY = TritonRepository(models=[TRITON.model_copy(update={"name": "score"})])
TOKEN = EnvVar(name="TOKEN", value_from=SecretKey(secret="store", key="token"))

LOCAL = {
    "requests are calls": Row(
        deployment(predictor(graph=OK), server_type="kafka"),
        f"{DEPLOYMENT}: server_type 'kafka', must be 'rpc' on this machine; remove server_type, or use a cluster",
        graph(OK),
    ),
    "a server is in the catalogue": Row(
        graph(model(server=TempoServer()), protocol="v2"),
        f"{NODE}: server TempoServer, must be one that servers/ holds for this machine; "
        "use a cluster, or a PythonServer or MLServerRuntime with the model in it",
        graph(OK),
    ),
    "an image does not run here": Row(
        of_node(server=container(), model_uri=None),
        f"{NODE}: local_command is not set for ContainerServer, must be given on this machine, which runs no images; "
        "write local_command=('program', '--port', '{port.http}', …), or use a cluster",
        of_node(server=container(local_command=["score", "{port.http}", "{name}"]), model_uri=None),
    ),
    "a place in a command that nothing fills in": Row(
        of_node(server=container(local_command=["score", "{port.rest}"]), model_uri=None),
        f"{NODE}: local_command '{{port.rest}}', must hold no {{port.rest}}; write {{port.http}}, {{port.grpc}}, "
        "{port.metrics}, {model}, {source}, {dir}, {name}, {deployment} or {predictor}",
        of_node(server=container(local_command=["score", '{"port": {port.http}}']), model_uri=None),
    ),
    "a command that wants a model": Row(
        of_node(server=container(local_command=["score", "--model={model}"]), model_uri=None),
        f"{NODE}: local_command '--model={{model}}' without model_uri, must have model_uri; "
        "write model_uri=…, or take {model} out of the command",
        of_node(server=container(local_command=["score", "--model={model}"])),
    ),
    "a command that wants files": Row(
        of_node(server=container(local_command=["{source}/score"]), model_uri=None),
        f"{NODE}: local_command '{{source}}/score' without source, must have source; "
        "write source=…, or take {source} out of the command",
        of_node(server=container(local_command=["{source}/score"], source="score"), model_uri=None),
    ),
    "a server speaks the protocol here": Row(
        of_node(server=SklearnServer()),
        f"{NODE}: server SklearnServer on protocol 'seldon', must be on 'v2' on this machine; "
        "set protocol='v2' on SeldonDeployment 'fraud', or use a cluster",
        graph(model(), protocol="v2"),
    ),
    "a graph on protocol tensorflow": Row(
        graph(model("first", server=TF, children=[model("score", server=TF)]), protocol="tensorflow"),
        f"{PREDICTOR}: 2 nodes on protocol 'tensorflow', must be one model with a server on this machine; make a "
        "deployment of each model, set protocol='seldon' on SeldonDeployment 'fraud', or use a cluster",
        graph(model(server=TF), protocol="tensorflow"),
    ),
    "two names on protocol tensorflow": Row(
        deployment(
            predictor(graph=model("a", server=TF), traffic=50),
            predictor("next", graph=model("b", server=TF), traffic=50),
            protocol="tensorflow",
        ),
        f"{DEPLOYMENT}: models 'a' and 'b' on protocol 'tensorflow', must have one name on this machine: a request "
        "names the model, whichever predictor it goes to; name all of them 'a'",
        deployment(
            predictor(graph=model("a", server=TF), traffic=50),
            predictor("next", graph=model("a", server=TF), traffic=50),
            protocol="tensorflow",
        ),
    ),
    "a logger where there is no orchestrator": Row(
        graph(model(server=TF, logger=Logger(mode="all")), protocol="tensorflow"),
        f"{NODE}: logger on protocol 'tensorflow', must have an orchestrator, and here it has none; "
        "remove it, set protocol='seldon' on SeldonDeployment 'fraud', or use a cluster",
        graph(model(server=python(), model_uri=None, logger=Logger(mode="all", redact=["card"]))),
    ),
    "no Secrets": Row(
        graph(model(server=python(), model_uri=None, env=[TOKEN])),
        f"{NODE}: env 'TOKEN' has value_from, must have a value on this machine; write value=…, "
        "from the stack's settings",
        graph(model(server=python(), model_uri=None, env=[EnvVar(name="TOKEN", value="x")])),
    ),
}


@pytest.mark.parametrize("row", LOCAL.values(), ids=LOCAL)
def test_what_this_machine_cannot_run_is_said_and_what_it_can_is_not(row: Row) -> None:
    everywhere = check(row.wrong)
    assert [str(problem) for problem in check_local(row.wrong) if problem not in everywhere] == [row.message]
    assert check_local(row.right) == []


def test_what_protocol_v2_has_no_call_for_is_said_to_a_stack_that_stays_here_too() -> None:
    server = MLServerRuntime(source="pick.py", class_name="Pick")
    router = Router(name="pick", server=server, children=(model(name="a"), model(name="b")))
    wrong = graph(router, protocol="v2")
    assert [str(problem) for problem in check_local(wrong, portable=False)] == [
        "SeldonDeployment 'fraud' → predictor 'main' → router 'pick': ROUTER with server MLServerRuntime on protocol "
        "'v2', must be on protocol 'seldon'; set protocol='seldon' on SeldonDeployment 'fraud'"
    ]
    dice = Router(name="pick", server=RandomAbTest(), children=router.children)
    assert check_local(graph(dice, protocol="v2"), portable=False) == []


def test_a_server_that_does_not_speak_the_protocol_anywhere_is_left_to_the_rule_for_all_targets() -> None:
    triton = graph(model(server=TritonServer()), protocol="seldon")
    assert check_local(triton) == check(triton)
    assert len(check(triton)) == 1


STORE = S3Storage(access_key_id="id", secret_access_key="key")
MLFLOW = MlflowStorage(tracking_uri="https://mlflow.acme.io", artifacts=STORE)
CLUSTER = {
    "a folder of this machine": Row(
        of_node(model_uri="models/score"),
        f"{NODE}: model_uri 'models/score', must be a URI on a cluster; "
        "copy it to a store and write model_uri='s3://bucket/model'",
        of_node(model_uri="s3://bucket/model"),
    ),
    "a version of a registry that nobody names": Row(
        of_node(model_uri="models:/score/1"),
        f"{NODE}: model_uri 'models:/score/1', must have a registry that says in a preview where its files are; "
        f"write storage=[MlflowStorage(…)] on {DEPLOYMENT}, or the URI of the files in a store",
        graph(model(model_uri="models:/score/1"), storage=[MLFLOW]),
    ),
    "files of a registry in a store beside another": Row(
        graph(
            model(model_uri="models:/score/1", children=[model("other", model_uri="s3://b/m")]), storage=[MLFLOW, STORE]
        ),
        f"{NODE}: model_uri 'models:/score/1' has artifacts in a store beside another, must not have two storages for "
        "'s3', of which pods could have one; give them one deployment each",
        graph(model(model_uri="models:/score/1"), storage=[MLFLOW]),
    ),
    "a model of a registry of images": Row(
        of_node(model_uri="oci://ghcr.io/acme/score:1"),
        f"{NODE}: model_uri 'oci://ghcr.io/acme/score:1', must be of a store that rclone fetches from: Seldon's "
        "operator knows no volumes that are images; write the URI of its files in a store, or use a ModelServer",
        of_node(model_uri="s3://bucket/model"),
    ),
    "a logger that leaves something out": Row(
        of_node(logger=Logger(mode="all", redact=["card"])),
        f"{NODE}: logger.redact, must not be given for a cluster, whose executor sends every payload as it is; "
        "write Kubernetes(payloads=PayloadLog(…)), which does it, or remove redact",
        of_node(logger=Logger(mode="all")),
    ),
    "a logger that samples": Row(
        of_node(logger=Logger(mode="all", sample=0.1)),
        f"{NODE}: logger.sample, must not be given for a cluster, whose executor sends every payload as it is; "
        "write Kubernetes(payloads=PayloadLog(…)), which does it, or remove sample",
        of_node(logger=Logger(mode="all", url="http://broker")),
    ),
    "a logger that cuts": Row(
        of_node(logger=Logger(mode="all", largest="1Ki")),
        f"{NODE}: logger.largest, must not be given for a cluster, whose executor sends every payload as it is; "
        "write Kubernetes(payloads=PayloadLog(…)), which does it, or remove largest",
        of_node(logger=Logger(mode="request")),
    ),
    "an explainer's folder": Row(
        of_predictor(explainer=Explainer(type="ALE", model_uri="models/e")),
        f"{PREDICTOR}: explainer.model_uri 'models/e', must be a URI on a cluster; "
        "copy it to a store and write model_uri='s3://bucket/model'",
        of_predictor(explainer=Explainer(type="ALE", model_uri="s3://bucket/e")),
    ),
    "a file of this machine": Row(
        of_node(model_uri="file:///models/score"),
        f"{NODE}: model_uri 'file:///models/score', must be a URI on a cluster; "
        "copy it to a store and write model_uri='s3://bucket/model'",
        of_node(model_uri="pvc://claim/model"),
    ),
    "a class without an image": Row(
        graph(model(server=python(), model_uri=None)),
        f"{NODE}: image is not set, the class Score is in score.py, must be set for a cluster, which runs images; "
        'build an image with the class and write PythonServer(…, image="registry/name@sha256:…")',
        graph(model(server=python(image="acme/score:1"), model_uri=None)),
    ),
    "a command without an image": Row(
        of_node(server=container(image=None, local_command=["score"]), model_uri=None),
        f"{NODE}: image is not set for ContainerServer, must be given for a cluster; build an image that does what "
        "local_command does and write image='registry/name@sha256:…'",
        of_node(server=container(local_command=["score"]), model_uri=None),
    ),
    "a server of one's own folder has an image": Row(
        graph(model(server=CatalogueServer(name="table")), protocol="v2"),
        f"{NODE}: CatalogueServer has no image, must be given for a cluster, which runs images; "
        'build an image of it and write CatalogueServer(…, image="registry/name@sha256:…")',
        graph(model(server=CatalogueServer(name="table", image="acme/table:1")), protocol="v2"),
    ),
    "ONNX Runtime without an image": Row(
        graph(model(server=OnnxServer(), model_uri="s3://b/m"), protocol="v2"),
        f"{NODE}: OnnxServer has no image, must be given for a cluster: Seldon has none for ONNX Runtime; "
        "use TritonServer() on a model repository with score/1/model.onnx, or write "
        'OnnxServer(image="registry/name@sha256:…") with the runtime of servers/onnx in it',
        graph(model(server=OnnxServer(image="acme/onnx:1"), model_uri="s3://b/m"), protocol="v2"),
    ),
    "TorchServe without an image": Row(
        graph(model(server=TorchServeServer(), model_uri="s3://b/m"), protocol="v2"),
        f"{NODE}: TorchServeServer has no image, must be given for a cluster: Seldon has none for TorchServe; "
        "use TritonServer() on a model repository with score/1/model.pt, or write "
        'TorchServeServer(image="registry/name@sha256:…") with the runtime of servers/torchserve in it',
        graph(model(server=TorchServeServer(image="acme/torch:1"), model_uri="s3://b/m"), protocol="v2"),
    ),
    "a configuration that nobody writes": Row(
        graph(model(server=TritonServer(config=TRITON)), protocol="v2"),
        f"{NODE}: TritonServer(config=…), must not be given for a cluster, where Triton reads model_uri alone; "
        "write config_pbtxt(config, 'score') to score/config.pbtxt in a model repository, with the model's files "
        "beside it, and use TritonServer() on it",
        graph(model(server=TritonServer()), protocol="v2"),
    ),
    "a repository that nobody writes": Row(
        graph(model(server=TritonServer(repository=REPOSITORY)), protocol="v2"),
        f"{NODE}: TritonServer(repository=…), must not be given for a cluster, where Triton reads model_uri alone; "
        "write the texts of repository_files(repository) into a model repository, with the model's files beside it, "
        "and use TritonServer() on it",
        graph(model(server=TritonServer()), protocol="v2"),
    ),
}


@pytest.mark.parametrize("row", CLUSTER.values(), ids=CLUSTER)
def test_what_a_cluster_cannot_run_is_said_and_what_it_can_is_not(row: Row) -> None:
    assert check(row.wrong) == []
    assert [str(problem) for problem in check_cluster(row.wrong)] == [row.message]
    assert check_cluster(row.right) == []


def test_a_stack_says_what_its_cluster_lacks_for_all_deployments_at_once() -> None:
    wrong = CLUSTER["a class without an image"].wrong
    stack = Stack(target=Kubernetes(), deployments=[wrong, wrong.model_copy(update={"name": "other"})])
    assert [problem.path.partition(" → ")[0] for problem in stack.check()] == [DEPLOYMENT, "SeldonDeployment 'other'"]


@pytest.mark.parametrize("uri", ["s3://bucket/model", "gs://bucket/model", "https://host/model", "pvc:claim/model"])
def test_a_cluster_can_read_a_store(uri: str) -> None:
    assert check_cluster(of_node(model_uri=uri)) == []

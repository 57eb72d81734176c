"""What a deployment is made of on this machine, as plain values."""

from __future__ import annotations

import json

import pytest

from seldon_infra.graph.spec import (
    EnvVar,
    Logger,
    Model,
    Node,
    PayloadTopic,
    Predictor,
    RequestLogQueue,
    SeldonDeployment,
)
from seldon_infra.servers.spec import (
    ContainerServer,
    MLflowServer,
    MLServerRuntime,
    Server,
    SklearnServer,
    TritonServer,
    XGBoostServer,
)
from seldon_infra.targets import local_render
from seldon_infra.targets.spec import Local

GRAPH = Model(name="m", server=SklearnServer(), model_uri="m")


def single(server: Server, no_engine: bool) -> SeldonDeployment:
    node = Model(name="m", server=server, model_uri="m")
    one = Predictor(name="main", graph=node, no_engine=no_engine)
    return SeldonDeployment(name="d", protocol="v2", predictors=[one])


@pytest.mark.parametrize(
    ("server", "no_engine", "directly", "streams"),
    [
        (TritonServer(), False, False, False),
        (TritonServer(), True, True, True),
        (SklearnServer(), False, True, False),
        (SklearnServer(), True, True, False),
    ],
)
def test_streams_are_for_servers_without_an_engine_that_know_them(
    server: Server, no_engine: bool, directly: bool, streams: bool
) -> None:
    asked = single(server, no_engine)
    assert (local_render.asks_server_directly(asked), local_render.streams(asked)) == (directly, streams)


def test_what_is_logged_needs_an_orchestrator_which_is_told_where_to() -> None:
    logger = Logger(mode="response", largest="1Ki", redact=["card"])
    node = Model(name="m", server=SklearnServer(), model_uri="m", logger=logger)
    main = Predictor(name="main", graph=node)
    logged = SeldonDeployment(
        name="d",
        protocol="v2",
        predictors=[main],
        request_log=RequestLogQueue(size=5, kafka=PayloadTopic(brokers="k:1")),
    )
    assert not local_render.asks_server_directly(logged)
    told = json.loads(
        local_render.orchestrator_config(logged, main, ["m"], {}, Local(), "127.0.0.1:5")
        .replace("{port.http}", "1")
        .replace("{port.grpc}", "2")
    )
    assert (told["payloads"], told["payloads_queue"]) == ("127.0.0.1:5", 5)
    assert told["graph"]["logger"] == {
        "mode": "response",
        "url": None,
        "sample": 1.0,
        "largest": 1024,
        "redact": ["card"],
    }


def predictor(name: str, traffic: int | None = None, shadow: bool = False) -> Predictor:
    return Predictor(name=name, graph=GRAPH, traffic=traffic, shadow=shadow)


def shares(*predictors: Predictor) -> dict[object, object]:
    deployment = SeldonDeployment(name="d", namespace="ns", protocol="v2", predictors=predictors)
    return {(it := local_render.share(each, deployment))["name"]: it["weight"] for each in predictors}


@pytest.mark.parametrize(
    ("predictors", "expected"),
    [
        ([predictor("a")], [100]),
        ([predictor("a", 30), predictor("b", 70)], [30, 70]),
        ([predictor("a", 100), predictor("b")], [100, 0]),
        ([predictor("a"), predictor("s", shadow=True)], [100, 100]),
        ([predictor("a"), predictor("s", 20, shadow=True)], [100, 20]),
        ([predictor("a"), predictor("s", 0, shadow=True)], [100, 0]),
    ],
)
def test_a_share_is_what_a_cluster_would_give(predictors: list[Predictor], expected: list[int]) -> None:
    """A shadow's is the part of the requests that is copied to it; none means all of them."""
    assert list(shares(*predictors).values()) == expected


@pytest.mark.parametrize(
    ("node", "target", "shared"),
    [
        (GRAPH, Local(), True),
        (GRAPH, Local(model_processes="own"), False),
        (Model(name="m", server=XGBoostServer(), model_uri="m"), Local(), True),
        (Model(name="m", server=SklearnServer(), model_uri="m", env=(EnvVar(name="A", value="b"),)), Local(), False),
        (Model(name="m", server=MLflowServer(), model_uri="m"), Local(), False),
        (Model(name="m", server=MLServerRuntime(source="m.py", class_name="M")), Local(), False),
        (Model(name="m", server=ContainerServer(speaks=("v2",), local_command=("m",))), Local(), False),
    ],
)
def test_models_share_a_process_where_nothing_of_it_is_their_own(node: Node, target: Local, shared: bool) -> None:
    assert local_render.shares_process(node, target) is shared

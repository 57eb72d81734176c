from __future__ import annotations

from itertools import product

import pytest

from seldon_infra.graph.check import check
from seldon_infra.graph.spec import (
    AverageCombiner,
    Combiner,
    Endpoint,
    Model,
    OutputTransformer,
    RandomAbTest,
    Router,
    SeldonDeployment,
    SimpleModel,
    SimpleRouter,
    Transformer,
)
from seldon_infra.servers.spec import ContainerServer, MLServerRuntime, SklearnServer, TensorFlowServer
from tests.unit.graph.check.build import (
    DEPLOYMENT,
    NODE,
    PREDICTOR,
    Row,
    deployment,
    graph,
    model,
    of_node,
    predictor,
    python,
    runtime,
)

ANY = ContainerServer(image="acme/any:1", speaks=["seldon", "v2", "tensorflow"])
PAIR = (model("a", server=ANY), model("b", server=ANY))
SAYS = "must be on protocol 'seldon': servers of '{0}' do not answer {1}, and over gRPC the executor panics; "
WAYS = (
    "set protocol='seldon' on SeldonDeployment 'fraud' with a PythonServer, or transport='rest' with a "
    "ContainerServer that answers {1}"
)


def node(kind: type, **fields: object) -> object:
    below = {"children": PAIR} if kind in (Router, Combiner) else {"child": PAIR[0]}
    return kind(**{"name": "x", "server": ANY, **below, **fields})


def alone(server: object, protocol: str) -> SeldonDeployment:
    return graph(model(server=server), protocol=protocol)


def ends(*kinds: str | None, transport: str | None = None) -> SeldonDeployment:
    first, second = (Endpoint(type=kind) if kind else None for kind in kinds)
    return graph(model("a", endpoint=first, children=(model("b", endpoint=second),)), transport=transport)


def both(first: object, second: object, **fields: object) -> SeldonDeployment:
    """Two predictors whose node has the same name, each with a type of endpoint."""
    return deployment(
        *(
            predictor(name, traffic=50, graph=model(endpoint=Endpoint(type=kind)))
            for name, kind in (("main", first), ("canary", second))
        ),
        **fields,
    )


ROWS = {
    "a server speaks the protocol": Row(
        alone(SklearnServer(), "tensorflow"),
        f"{NODE}: server SklearnServer speaks 'seldon' and 'v2', must speak the deployment's protocol 'tensorflow'; "
        "set protocol='seldon' on SeldonDeployment 'fraud', or use TensorFlowServer or ContainerServer here",
        alone(TensorFlowServer(), "tensorflow"),
    ),
    "a class of one's own speaks the protocol": Row(
        graph(model(server=python(), model_uri=None), protocol="v2"),
        f"{NODE}: server PythonServer speaks 'seldon', must speak the deployment's protocol 'v2'; "
        "set protocol='seldon' on SeldonDeployment 'fraud', or use MLServerRuntime or ContainerServer here",
        graph(model(server=runtime(), model_uri=None), protocol="v2"),
    ),
    "a router on v2": Row(
        graph(node(Router), protocol="v2"),
        f"{PREDICTOR} → router 'x': ROUTER on protocol 'v2', "
        + (SAYS + WAYS).format("v2", "/v2/models/x/route")
        + ", or RandomAbTest as its server",
        graph(node(Router, server=RandomAbTest()), protocol="v2"),
    ),
    "a router on v2 over REST with an image that can": Row(
        graph(node(Router), protocol="v2", transport="grpc"),
        f"{PREDICTOR} → router 'x': ROUTER on protocol 'v2', "
        + (SAYS + WAYS).format("v2", "/v2/models/x/route")
        + ", or RandomAbTest as its server",
        graph(node(Router), protocol="v2", transport="rest"),
    ),
    "a combiner on tensorflow": Row(
        graph(node(Combiner), protocol="tensorflow"),
        f"{PREDICTOR} → combiner 'x': COMBINER on protocol 'tensorflow', "
        + (SAYS + WAYS).format("tensorflow", "/v1/models/x:aggregate"),
        graph(node(Combiner), protocol="tensorflow", transport="rest"),
    ),
    "a transformer below a router on v2": Row(
        graph(node(Router, server=RandomAbTest(), children=(node(Transformer, name="t"), PAIR[1])), protocol="v2"),
        f"{PREDICTOR} → transformer 't': TRANSFORMER on protocol 'v2' over gRPC, in a graph that is no chain, "
        "must be served over REST alone: Seldon's executor panics on it over gRPC; "
        "set transport='rest' on SeldonDeployment 'fraud', or make it a Model in calling order",
        graph(node(Transformer), protocol="v2"),
    ),
    "an output transformer below a router on v2": Row(
        graph(
            node(Router, server=RandomAbTest(), children=(node(OutputTransformer, name="t"), PAIR[1])), protocol="v2"
        ),
        f"{PREDICTOR} → output transformer 't': OUTPUT_TRANSFORMER on protocol 'v2' over gRPC, in a graph that is no "
        "chain, must be served over REST alone: Seldon's executor panics on it over gRPC; "
        "set transport='rest' on SeldonDeployment 'fraud', or make it a Model in calling order",
        graph(
            node(Router, server=RandomAbTest(), children=(node(OutputTransformer, name="t"), PAIR[1])),
            protocol="v2",
            transport="rest",
        ),
    ),
    "feedback on v2": Row(
        graph(model(methods=["SEND_FEEDBACK"]), protocol="v2"),
        f"{NODE}: methods SEND_FEEDBACK on protocol 'v2', must be on protocol 'seldon': Seldon's executor does not "
        "make the call on others; remove SEND_FEEDBACK, or set protocol='seldon' on SeldonDeployment 'fraud' "
        "with a PythonServer",
        of_node(methods=["SEND_FEEDBACK"]),
    ),
    "a further call on v2 over gRPC": Row(
        graph(model(methods=["TRANSFORM_OUTPUT"]), protocol="v2"),
        f"{NODE}: methods TRANSFORM_OUTPUT on protocol 'v2', must be on protocol 'seldon': Seldon's executor does not "
        "make the call on others; remove TRANSFORM_OUTPUT, or set protocol='seldon' on SeldonDeployment 'fraud' "
        "with a PythonServer",
        graph(model(methods=["TRANSFORM_OUTPUT"]), protocol="v2", transport="rest"),
    ),
    "a built-in model": Row(
        graph(Model(name="score", server=SimpleModel())),
        f"{NODE}: server SimpleModel, must be one that works on a cluster: Seldon's executor answers with the request "
        "itself there; use a PythonServer, or portable=False for a stack that stays on this machine",
        of_node(server=python(), model_uri=None),
    ),
    "a built-in router": Row(
        graph(node(Router, server=SimpleRouter())),
        f"{PREDICTOR} → router 'x': server SimpleRouter, must be one that works on a cluster: Seldon's executor asks "
        "all children there and keeps the first answer; use a PythonServer, "
        "or portable=False for a stack that stays on this machine",
        graph(node(Router, server=RandomAbTest())),
    ),
    "a built-in combiner": Row(
        graph(node(Combiner, server=AverageCombiner())),
        f"{PREDICTOR} → combiner 'x': server AverageCombiner, must be one that works on a cluster: Seldon's executor "
        "keeps the first child's answer there; use a PythonServer, "
        "or portable=False for a stack that stays on this machine",
        graph(node(Combiner, server=python())),
    ),
    "a prepackaged server is a model": Row(
        graph(node(Transformer, server=SklearnServer(), model_uri="s3://b/m")),
        f"{PREDICTOR} → transformer 'x': server SklearnServer, must be one that can be a TRANSFORMER: SklearnServer is "
        "always a MODEL; use PythonServer or ContainerServer here, or make it a Model with its child in children",
        graph(node(Transformer, server=python())),
    ),
    "endpoint types agree": Row(
        ends("REST", "GRPC"),
        f"{DEPLOYMENT}: endpoint types GRPC and REST in one graph, must all be the same; "
        "remove them and set transport on the deployment",
        ends("REST", "REST"),
    ),
    "endpoint types agree in predictors with the same names": Row(
        both("REST", "GRPC"),
        f"{DEPLOYMENT}: endpoint types GRPC and REST in one graph, must all be the same; "
        "remove them and set transport on the deployment",
        both("REST", None),
    ),
    "an endpoint's type beside the transport, of the first of two nodes of one name": Row(
        both("REST", None, transport="grpc"),
        f"{DEPLOYMENT}: endpoint type REST on 'score' beside transport 'grpc', must be one of them; "
        "remove the endpoint's type",
        both(None, None, transport="grpc"),
    ),
    "an endpoint's type or the deployment's transport": Row(
        ends("REST", None, transport="rest"),
        f"{DEPLOYMENT}: endpoint type REST on 'a' beside transport 'rest', must be one of them; "
        "remove the endpoint's type",
        ends(None, None, transport="rest"),
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_rule_says_what_is_wrong_and_nothing_about_what_is_right(row: Row) -> None:
    assert [str(problem) for problem in check(row.wrong)] == [row.message]
    assert check(row.right) == []


# The table of shared knowledge about Seldon's executor: what it can do with an image that answers every call.
CAN = {
    Model: {("seldon", "rest"), ("seldon", "grpc"), ("v2", "rest"), ("v2", "grpc"), ("tensorflow", "rest"),
            ("tensorflow", "grpc")},
    Transformer: {("seldon", "rest"), ("seldon", "grpc"), ("v2", "rest"), ("v2", "grpc"), ("tensorflow", "rest"),
                  ("tensorflow", "grpc")},
    OutputTransformer: {("seldon", "rest"), ("seldon", "grpc"), ("v2", "rest"), ("v2", "grpc"),
                        ("tensorflow", "rest"), ("tensorflow", "grpc")},
    Router: {("seldon", "rest"), ("seldon", "grpc"), ("v2", "rest"), ("tensorflow", "rest")},
    Combiner: {("seldon", "rest"), ("seldon", "grpc"), ("v2", "rest"), ("tensorflow", "rest")},
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "protocol", "transport"), list(product(CAN, ("seldon", "v2", "tensorflow"), ("rest", "grpc")))
)
def test_what_the_executor_can_do_is_allowed_and_nothing_else(kind: type, protocol: str, transport: str) -> None:
    root = model("x", server=ANY) if kind is Model else node(kind)
    problems = check(graph(root, protocol=protocol, transport=transport))
    assert (problems == []) == ((protocol, transport) in CAN[kind])


def test_a_stack_that_stays_on_this_machine_may_use_what_only_it_can() -> None:
    built_in = graph(node(Combiner, server=AverageCombiner()), protocol="v2")
    assert check(built_in)
    assert check(built_in, portable=False) == []


def test_a_server_that_cannot_be_here_is_refused_once() -> None:
    router = graph(node(Router, server=MLServerRuntime(source="r.py", class_name="R")), protocol="v2", transport="rest")
    assert len(check(router)) == 1

"""Whatever the deployment: the same text each time, every node once, every container a node's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from seldon_infra.core.yaml import dump
from seldon_infra.graph.draw import mermaid, svg
from seldon_infra.graph.render import seldon_deployment
from seldon_infra.graph.spec import (
    AverageCombiner,
    Combiner,
    EnvVar,
    Logger,
    Model,
    Node,
    OutputTransformer,
    Parameter,
    Pod,
    Predictor,
    Router,
    SeldonDeployment,
    SimpleRouter,
    Transformer,
)
from seldon_infra.graph.walk import nodes
from seldon_infra.servers.spec import ContainerServer, PythonServer, SklearnServer

_NAMES = st.text("abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=12).map(lambda text: f"n{text}x")
_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_SERVERS = st.sampled_from(
    [
        PythonServer(source="a.py", class_name="A", image="a:1"),
        ContainerServer(image="b:1", speaks=("seldon", "v2")),
        SklearnServer(),
    ]
)
_FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "model_uri": st.just("s3://bucket/model"),
        "parameters": st.lists(
            st.builds(Parameter, name=_NAMES, value=st.one_of(st.integers(), st.booleans(), _TEXTS))
        ),
        "env": st.lists(st.builds(EnvVar, name=_NAMES, value=_TEXTS), max_size=2),
        "logger": st.builds(Logger, mode=st.sampled_from(["all", "request", "response"])),
        "pod": st.builds(Pod, replicas=st.integers(0, 3)),
    },
)
_MODELS: st.SearchStrategy[Node] = st.builds(
    lambda name, server, fields: Model(name=name, server=server, **fields), _NAMES, _SERVERS, _FIELDS
)


def _above(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    server = PythonServer(source="a.py", class_name="A", image="a:1")
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.one_of(
        st.builds(lambda name, child: Transformer(name=name, server=server, child=child), _NAMES, inner),
        st.builds(lambda name, child: OutputTransformer(name=name, server=server, child=child), _NAMES, inner),
        st.builds(lambda name, child: Model(name=name, server=server, children=(child,)), _NAMES, inner),
        st.builds(lambda name, children: Router(name=name, server=SimpleRouter(), children=children), _NAMES, several),
        st.builds(
            lambda name, children: Combiner(name=name, server=AverageCombiner(), children=children), _NAMES, several
        ),
    )


def _has_unique_names(root: Node) -> bool:
    names = [node.name for node in nodes(root)]
    return len(names) == len(set(names))


_GRAPHS = st.recursive(_MODELS, _above, max_leaves=6).filter(_has_unique_names)
_DEPLOYMENTS = st.builds(
    lambda name, protocol, roots: SeldonDeployment(
        name=name,
        protocol=protocol,
        predictors=[Predictor(name=f"p{index}", graph=root) for index, root in enumerate(roots)],
    ),
    _NAMES,
    st.sampled_from(["seldon", "v2"]),
    st.lists(_GRAPHS, min_size=1, max_size=3),
)


def _units(unit: dict[str, Any]) -> Iterator[str]:
    yield unit["name"]
    for child in unit.get("children", []):
        yield from _units(child)


def _containers(predictor: dict[str, Any]) -> list[str]:
    return [each["name"] for pod in predictor.get("componentSpecs", []) for each in pod["spec"]["containers"]]


@given(_DEPLOYMENTS)
def test_the_same_deployment_renders_the_same_text(deployment: SeldonDeployment) -> None:
    again = SeldonDeployment.model_validate(dict(deployment.__dict__))
    assert dump(seldon_deployment(deployment)) == dump(seldon_deployment(again))


@given(_DEPLOYMENTS)
def test_yaml_reads_back_as_what_was_rendered(deployment: SeldonDeployment) -> None:
    manifest = seldon_deployment(deployment)
    assert yaml.safe_load(dump(manifest)) == manifest


@given(_DEPLOYMENTS)
def test_every_node_is_one_predictive_unit(deployment: SeldonDeployment) -> None:
    rendered = seldon_deployment(deployment)["spec"]["predictors"]
    for predictor, manifest in zip(deployment.predictors, rendered, strict=True):
        assert sorted(_units(manifest["graph"])) == sorted(node.name for node in nodes(predictor.graph))


@given(_DEPLOYMENTS)
def test_every_container_is_one_node_s_and_every_served_node_has_one(deployment: SeldonDeployment) -> None:
    rendered = seldon_deployment(deployment)["spec"]["predictors"]
    for predictor, manifest in zip(deployment.predictors, rendered, strict=True):
        built_in = (SimpleRouter, AverageCombiner)
        served = [node.name for node in nodes(predictor.graph) if not isinstance(node.server, built_in)]
        assert sorted(_containers(manifest)) == sorted(served)


@given(_DEPLOYMENTS)
def test_no_container_gets_more_rights_than_the_restricted_standard(deployment: SeldonDeployment) -> None:
    for predictor in seldon_deployment(deployment)["spec"]["predictors"]:
        for pod in predictor.get("componentSpecs", []):
            assert pod["spec"]["securityContext"]["runAsNonRoot"] is True
            for container in pod["spec"]["containers"]:
                assert container["securityContext"]["allowPrivilegeEscalation"] is False
                assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}


@given(_DEPLOYMENTS)
def test_every_node_is_in_both_pictures(deployment: SeldonDeployment) -> None:
    drawn, written = svg(deployment), mermaid(deployment)
    for predictor in deployment.predictors:
        for node in nodes(predictor.graph):
            assert f">{node.name}</text>" in drawn
            assert f"<b>{node.name}</b>" in written

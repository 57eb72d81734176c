from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seldon_infra.core.model import pending, resolve
from seldon_infra.graph.check import (
    DEPLOYMENT_RULES,
    NODE_RULES,
    PREDICTOR_RULES,
    check,
)
from seldon_infra.graph.rules import objects, protocols
from seldon_infra.graph.rules.place import nodes_in, predictors
from seldon_infra.graph.spec import (
    Amounts,
    Combiner,
    Model,
    OutputTransformer,
    Predictor,
    Resources,
    Router,
    SeldonDeployment,
    Transformer,
)
from tests.unit.core.later import Later
from tests.unit.graph.check.build import Row, deployment, model, predictor, python

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TABLES = (
    "access",
    "alerts",
    "amounts",
    "environment",
    "experiments",
    "lost",
    "names",
    "objects",
    "payloads",
    "pods",
    "protocols",
    "references",
    "rollout",
    "scaling",
    "security",
    "servers",
    "settings",
    "shape",
    "signatures",
    "slo",
    "storage",
    "traffic",
    "triton",
)


def rows() -> list[Row]:
    modules = [importlib.import_module(f"tests.unit.graph.check.test_{name}") for name in TABLES]
    return [row for module in modules for row in module.ROWS.values()]


OF_DEPLOYMENTS = [*DEPLOYMENT_RULES, *objects.PORTABLE_DEPLOYMENT_RULES]


def broken_by(rule: Callable[[Any], Iterator[object]], wrong: SeldonDeployment) -> bool:
    if rule in OF_DEPLOYMENTS:
        return any(rule(wrong))
    if rule in PREDICTOR_RULES:
        return any(problem for at in predictors(wrong) for problem in rule(at))
    return any(problem for at in predictors(wrong) for node in nodes_in(at) for problem in rule(node))


RULES = [*OF_DEPLOYMENTS, *PREDICTOR_RULES, *NODE_RULES, *protocols.PORTABLE_NODE_RULES]


# An image that speaks nothing breaks two rules at once: that one has a test of its own.
IN_TABLES = [rule for rule in RULES if rule.__name__ != "container_speaks"]


@pytest.mark.parametrize("rule", IN_TABLES, ids=lambda rule: rule.__name__)
def test_every_rule_is_broken_by_a_row_of_a_table(rule: Callable[[Any], Iterator[object]]) -> None:
    assert any(broken_by(rule, row.wrong) for row in rows())


def test_all_problems_come_at_once_from_the_outside_in() -> None:
    wrong = deployment(
        predictor("canary", traffic=20, replicas=-1, graph=model(model_uri=None)),
        predictor(traffic=70, graph=model("Score", model_uri=None)),
    )
    assert [problem.path for problem in check(wrong)] == [
        "SeldonDeployment 'fraud'",
        "SeldonDeployment 'fraud' → predictor 'canary'",
        "SeldonDeployment 'fraud' → predictor 'canary' → model 'score'",
        "SeldonDeployment 'fraud' → predictor 'main' → model 'Score'",
        "SeldonDeployment 'fraud' → predictor 'main' → model 'Score'",
    ]


def test_what_is_not_known_yet_is_judged_by_the_same_rules_when_it_is() -> None:
    unknown = deployment(
        predictor("canary", traffic=Later(), graph=model(resources=Resources(limits=Amounts(memory=Later())))),
        predictor(traffic=70, replicas=Later()),
        namespace=Later(),
    )
    assert check(unknown) == []
    values = {
        "namespace": "Models",
        "predictors[0].traffic": 20,
        "predictors[0].graph.resources.limits.memory": "1GB",
        "predictors[1].replicas": -1,
    }
    assert set(pending(unknown)) == set(values)
    known = deployment(
        predictor("canary", traffic=20, graph=model(resources=Resources(limits=Amounts(memory="1GB")))),
        predictor(traffic=70, replicas=-1),
        namespace="Models",
    )
    resolved = resolve(unknown, values)
    assert resolved == known
    assert len(check(resolved)) == 4
    assert check(resolved) == check(known)


NODE_NAMES = st.from_regex(r"[a-z][a-z0-9]{0,5}", fullmatch=True)


def leaves() -> st.SearchStrategy[Model]:
    return st.builds(
        lambda name, traffic: model(name, resources=Resources(limits=Amounts(cpu=traffic, memory="1Gi"))),
        NODE_NAMES,
        st.integers(1, 64),
    )


def graphs() -> st.SearchStrategy[Any]:
    def deeper(below: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        some = {"name": NODE_NAMES, "server": st.just(python())}
        return st.one_of(
            st.builds(Transformer, **some, child=below),
            st.builds(OutputTransformer, **some, child=below),
            st.builds(Model, **some, children=st.tuples(below)),
            st.builds(Router, **some, children=st.lists(below, min_size=1, max_size=3).map(tuple)),
            st.builds(Combiner, **some, children=st.lists(below, min_size=2, max_size=3).map(tuple)),
        )

    return st.recursive(leaves(), deeper, max_leaves=6)


def renamed(root: Any, prefix: str = "n") -> Any:
    """The same graph with names that are used once and short enough."""
    below = tuple(renamed(child, f"{prefix}{index}") for index, child in enumerate(root.children))
    change: dict[str, Any] = {"name": prefix}
    if "child" in type(root).model_fields:
        change["child"] = below[0]
    elif below:
        change["children"] = below
    return root.model_copy(update=change)


@st.composite
def valid_deployments(draw: st.DrawFn) -> SeldonDeployment:
    roots = draw(st.lists(graphs(), min_size=1, max_size=3))
    cuts = sorted(draw(st.integers(0, 100)) for _ in roots[1:])
    shares = [high - low for low, high in zip([0, *cuts], [*cuts, 100], strict=True)]
    versions = [
        Predictor(name=f"p{index}", traffic=share, graph=renamed(root))
        for index, (root, share) in enumerate(zip(roots, shares, strict=True))
    ]
    return SeldonDeployment(name="d", replicas=draw(st.integers(0, 9)), predictors=versions)


@settings(max_examples=60, deadline=None)
@given(valid_deployments())
def test_a_deployment_that_keeps_the_rules_has_no_problem(any_deployment: SeldonDeployment) -> None:
    names_fit = all(len("".join(names)) < 40 for names in _names(any_deployment))
    assert [problem for problem in check(any_deployment) if names_fit or "object name" not in problem.got] == []


def _names(any_deployment: SeldonDeployment) -> Iterator[list[str]]:
    for at in predictors(any_deployment):
        yield [f"{inner.node.name}-" for inner in nodes_in(at)]

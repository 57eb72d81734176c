"""docs/deployments.md: its limits are the code's, its names are those that are made."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import seldon_infra
from seldon_infra.clusters.rollouts import Patience
from seldon_infra.graph.render_objects import own_objects
from seldon_infra.graph.spec import NetworkPolicy
from seldon_infra.settings import settings_of
from seldon_infra.targets.spec import Kubernetes

pytestmark = pytest.mark.docs
PAGE = (Path(__file__).parents[2] / "docs" / "deployments.md").read_text()


def test_the_definition_is_right_and_shows_no_secret() -> None:
    (text,) = re.findall(r"```python file=stacks/prod.py\n(.*?)```", PAGE, re.DOTALL)
    names = {name: getattr(seldon_infra, name) for name in seldon_infra.__all__}
    with settings_of("prod", {"s3Key": "v1:sealed"}.get):
        exec(compile(text, "page", "exec"), names)
    stack = names["stack"]
    assert stack.check() == []
    assert list(own_objects(stack.deployments[0])) == re.findall(
        r"^\| (ServiceAccount|Secret|NetworkPolicy)", PAGE, re.M
    )


def test_the_times_are_those_of_the_code() -> None:
    target, patience = Kubernetes(), Patience(ready=1, node=1)
    assert f"ready_timeout_seconds={target.ready_timeout_seconds:g}" in PAGE
    assert f"`node_timeout_seconds` ({target.node_timeout_seconds:g})" in PAGE
    assert f"when for {patience.trouble:g} seconds" in PAGE
    assert (patience.outage, patience.between_looks) == (60, 1)  # "a minute", "one request a second"


def test_the_policys_defaults_are_those_of_the_code() -> None:
    policy = NetworkPolicy()
    names = [f"`{name}`" for name in (*policy.ingress_namespaces, *policy.monitoring_namespaces)]
    assert f"{', '.join(names[:-1])} and {names[-1]}" in PAGE
    assert policy.egress_ports == (443,)

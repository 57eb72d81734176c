"""A cluster that is there, found by its name at EKS, on a real API server that knows who asks as EKS does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from seldon_infra.graph.manifest import GROUP, PLURAL
from tests.aws.account import Account
from tests.aws.stack.project import Project, prepare
from tests.aws.stack.reviewer import Reviewer, reviewing
from tests.cluster.control_plane import ControlPlane, started
from tests.cluster.definitions import install_definitions
from tests.cluster.nodes import add_nodes

pytestmark = [pytest.mark.aws, pytest.mark.cluster, pytest.mark.slow, pytest.mark.timeout(900)]

IRIS = f"/apis/{GROUP}/v1/namespaces/vision/{PLURAL}/iris"
GRAPH = """
GRAPH = Model(name="classifier", server=SklearnServer(), model_uri="gs://models/iris")
"""
DEPLOYMENT = """
SeldonDeployment(name="iris", namespace="vision", protocol="v2", predictors=[Predictor(name="main", graph=GRAPH)]),
"""
BY_NAME = """
from seldon_infra import *
{graph}
stack = Stack(
    target=Kubernetes(cluster=ExistingCluster(eks_name="prod", region="eu-west-1", account="{account}")),
    deployments=({deployment}),
)
"""
OURS, THEIRS = "123456789012", "210987654321"


@pytest.fixture
def reviewer(account: Account) -> Iterator[Reviewer]:
    with reviewing(account.aws.endpoint, "prod") as serving:
        yield serving


@pytest.fixture
def control_plane(reviewer: Reviewer) -> Iterator[ControlPlane]:
    """A control plane that asks STS who somebody is."""
    with started(reviewer.url) as running:
        add_nodes(running)
        install_definitions(running)
        yield running


@pytest.fixture
def project(account: Account, control_plane: ControlPlane, tmp_path: Path) -> Project:
    account.aws.eks().state.api = (control_plane.url, control_plane.authority)
    account.engine.environment["KUBECONFIG"] = "/dev/null"
    return prepare(account, tmp_path)


def test_a_cluster_is_found_by_its_name(project: Project, control_plane: ControlPlane) -> None:
    engine = project.account.engine
    project.declare(cluster="deletion_protection=False,")
    engine.up()
    definition = engine.directory / "test.py"
    made = definition.read_text()

    definition.write_text(BY_NAME.format(graph=GRAPH, deployment=DEPLOYMENT, account=THEIRS))
    said = failed(project)
    assert f"cluster 'prod' is in account {OURS}, not in {THEIRS}: use credentials of that one" in said
    assert "Traceback" not in said
    definition.write_text(made)
    engine.destroy()

    definition.write_text(BY_NAME.format(graph=GRAPH, deployment=DEPLOYMENT, account=OURS))
    previewed = engine.preview(check=False)
    said = previewed.stdout + previewed.stderr
    assert previewed.returncode != 0
    assert "existing cluster: eks_name 'prod', must be a cluster at EKS in eu-west-1, where there is none" in said
    assert "pulumi:providers:kubernetes (cluster):" in said
    assert "nothing was changed" in said
    assert "Traceback" not in said


def failed(project: Project) -> str:
    done = project.account.engine.up(check=False)
    assert done.returncode != 0
    return done.stdout + done.stderr

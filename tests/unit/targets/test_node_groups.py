"""A stack's models are held to the node groups that it declares, in a preview and before anything is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from seldon_infra import Kubernetes, Model, Predictor, Resources, SeldonDeployment, TritonServer
from seldon_infra.graph.spec import Amounts
from seldon_infra.targets.node_groups import placed, said
from tests.unit.eks.cases import GPU, SYSTEM, cluster
from tests.unit.targets.program import declare

CLUSTER = """Kubernetes(cluster=EksCluster(
    name='prod', region='eu-west-1', version='1.34', network=NewVpc(zones=('eu-west-1a', 'eu-west-1b')),
    node_groups=(
        NodeGroup(name='system', instance_types=('m7i.large',), scaling=Scaling(minimum=2, maximum=4)),
        GpuNodes(name='gpu', instance_types=('g4dn.xlarge',), scaling=Scaling(maximum=2)),
    ),
)CHECKS)"""
ON_GPU = "deployment(predictor(graph=model(resources=Resources(limits=Amounts(cpu=1, gpu=1), gpu_memory='MEMORY'))))"


@pytest.fixture(autouse=True)
def no_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")


def on_gpu(memory: str) -> SeldonDeployment:
    resources = Resources(limits=Amounts(cpu=1, gpu=1), gpu_memory=memory)
    node = Model(name="classifier", server=TritonServer(), model_uri="s3://models/digits", resources=resources)
    return SeldonDeployment(name="digits", protocol="v2", predictors=[Predictor(name="main", graph=node)])


def test_a_preview_says_where_each_model_goes() -> None:
    found = placed(Kubernetes(cluster=cluster(node_groups=(SYSTEM, GPU))), [on_gpu("16Gi")], [])
    assert found
    assert list(said(found)) == [
        (
            "digits",
            "SeldonDeployment 'digits' → predictor 'main': 1 pod on GPU nodes 'gpu' (g6.xlarge): 1 on a node, 4 on 4 "
            "at most",
        )
    ]


def test_a_type_that_is_not_known_is_said_once() -> None:
    strange = GPU.model_copy(update={"instance_types": ("g99.xlarge",)})
    found = placed(Kubernetes(cluster=cluster(node_groups=(SYSTEM, strange))), [], [])
    assert found
    assert list(said(found)) == [
        (None, "which models fit is not known for nodes of g99.xlarge: no such type is in the library's table")
    ]


def test_a_cluster_of_somebody_else_has_no_groups_to_match() -> None:
    assert placed(Kubernetes(), [on_gpu("16Gi")], []) is None


def test_a_preview_ends_where_no_group_holds_a_model_and_says_what_would(tmp_path: Path) -> None:
    done = declare(ON_GPU.replace("MEMORY", "16Gi"), CLUSTER.replace("CHECKS", ""), tmp_path, preview=True)
    assert not done.made
    assert "GPU memory 16Gi, 15109Mi there" in done.said
    assert "write instance_types=('g5.xlarge',) in GPU nodes 'gpu'" in done.said
    assert "1 problem with the node groups of the stack; nothing was changed" in done.said


def test_a_stack_that_only_wants_to_be_warned_goes_on(tmp_path: Path) -> None:
    target = CLUSTER.replace("CHECKS", ", live_checks='warn'")
    done = declare(ON_GPU.replace("MEMORY", "16Gi"), target, tmp_path, preview=True)
    assert "GPU memory 16Gi, 15109Mi there" in done.said
    assert "nothing was changed" not in done.said

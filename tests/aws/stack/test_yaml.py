"""A cluster of its own from a program in YAML: the same objects as from Python, from nothing to nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.aws.account import Account
from tests.aws.stack.project import Project, prepare
from tests.engine.scratch import ENVIRONMENT

pytestmark = [pytest.mark.aws, pytest.mark.slow, pytest.mark.timeout(900)]

COMPONENTS = Path(__file__).parents[3] / "components"
CLUSTER: dict[str, Any] = {
    "type": "EksCluster",
    "name": "prod",
    "region": "eu-west-1",
    "version": "1.34",
    "network": {"type": "NewVpc", "zones": ["eu-west-1a", "eu-west-1b"]},
    "deletionProtection": False,
    "gpuSoftware": {"existing": True},
    "zonalShift": True,
    "controlPlaneTier": "tier-xl",
    "scheduling": {"prefer": "fullest", "weights": {"nvidia.com/gpu": 5}},
    "nodeGroups": [
        {
            "type": "NodeGroup",
            "name": "system",
            "instanceTypes": ["m7i.large"],
            "scaling": {"minimum": 2, "maximum": 4},
        },
        {
            "type": "GpuNodes",
            "name": "l4",
            "instanceTypes": ["g6.xlarge"],
            "scaling": {"maximum": 4},
            "sharing": {"type": "TimeSlicing", "replicas": 4},
            "updateStrategy": "old_first",
            "repair": {"maxUnhealthy": "20%", "maxParallel": 1},
        },
    ],
}


@pytest.fixture
def project(account: Account, tmp_path: Path) -> Project:
    return prepare(account, tmp_path)


def write(project: Project, cluster: dict[str, Any]) -> None:
    """Write the program."""
    plugins = {**project.account.engine.plugins, "seldon": ENVIRONMENT / "bin", "seldon-components": COMPONENTS}
    target = {"type": "Kubernetes", "cluster": cluster}
    program = {
        "name": "scratch",
        "runtime": "yaml",
        "plugins": {"providers": [{"name": name, "path": str(path)} for name, path in plugins.items()]},
        "resources": {
            "models": {"type": "seldon-components:Stack", "properties": {"target": target, "deployments": []}}
        },
        "outputs": {"kubeconfig": "${models.cluster.kubeconfig}", "name": "${models.cluster.name}"},
    }
    (project.account.engine.directory / "Pulumi.yaml").write_text(yaml.safe_dump(program, sort_keys=False))


def test_a_cluster_comes_and_goes_as_it_does_from_python(project: Project) -> None:
    engine = project.account.engine
    write(project, CLUSTER)
    engine.up()
    steps = json.loads(engine.preview("--json", "--show-sames").stdout)["steps"]
    assert {step["op"] for step in steps} == {"same", "refresh"}
    assert len(project.inventory()["nodegroup"]) == 2
    assert_serves_well(project)
    outputs = engine.outputs()
    assert outputs["name"] == "prod"
    assert "eks-token" in outputs["kubeconfig"]
    engine.destroy()
    assert project.inventory() == {}


def assert_serves_well(project: Project) -> None:
    """What serves models better has come to AWS."""
    eks = project.account.aws.eks().state
    control_plane = eks.clusters.get("prod")
    assert control_plane["zonalShiftConfig"] == {"enabled": True}
    assert control_plane["controlPlaneScalingConfig"] == {"tier": "tier-xl"}
    assert control_plane["kubeSchedulerConfig"]["nodeResourcesFit"]["scoringStrategy"] == {
        "type": "MostAllocated",
        "resources": [{"name": "nvidia.com/gpu", "weight": 5}],
    }
    (gpus,) = [eks.nodegroups.get(key) for key in eks.nodegroups.visible() if key[1].startswith("l4")]
    assert gpus["updateConfig"] == {"maxUnavailable": 1, "updateStrategy": "MINIMAL"}
    assert gpus["nodeRepairConfig"] == {
        "enabled": True,
        "maxUnhealthyNodeThresholdPercentage": 20,
        "maxParallelNodesRepairedCount": 1,
    }


def test_a_mistake_is_told_in_the_same_words(project: Project) -> None:
    write(project, {**CLUSTER, "version": "1.29"})
    done = project.account.engine.preview(check=False)
    said = done.stdout + done.stderr
    assert done.returncode != 0
    assert "cluster 'prod': version '1.29', must be one that EKS still runs" in said
    assert "Traceback" not in said

"""GPU software and Karpenter on a cluster, by charts of our own that take the values of the real ones."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.cluster.control_plane import ControlPlane
from tests.cluster.test_stack import engine, there
from tests.engine.scratch import Engine

pytestmark = pytest.mark.cluster
__all__ = ["engine"]

CHARTS = Path(__file__).parent / "charts"
PROGRAM = f"""
import os
import pulumi
import pulumi_kubernetes
from seldon_infra import *
from seldon_infra.eks.gpu_software.component import ClusterSoftware
from seldon_infra.eks.gpu_software.render import Machines

def chart(name):
    return Chart(name={str(CHARTS)!r} + "/" + name)

cluster = EksCluster(
    name="prod",
    region="eu-west-1",
    version="1.34",
    network=NewVpc(zones=("eu-west-1a", "eu-west-1b")),
    node_groups=(
        NodeGroup(name="system", instance_types=("m7i.large",), scaling=Scaling(minimum=2, maximum=4)),
        GpuNodes(
            name="gpu",
            instance_types=("g6.xlarge",),
            scaling=Scaling(maximum=4),
            sharing=TimeSlicing(replicas=4),
        ),
    ),
    gpu_software=GpuSoftware(plugin=DevicePlugin(chart=chart("device-plugin")), metrics=None),
    autoscaler=Karpenter(
        pools=(NodePool(name="l4", instance_types=("g6.xlarge",), maximum=4),),
        chart=chart("karpenter"),
        crd_chart=chart("karpenter-crd"),
    ),
)
provider = pulumi_kubernetes.Provider("cluster", kubeconfig=os.environ["KUBECONFIG"])
role, subnet, queue = map(pulumi.Output.from_input, ("prod-nodes-1f0c", "subnet-a", "prod-interruptions-2e9d"))
machines = Machines(role, (subnet,), "sg-1", queue)
ClusterSoftware(cluster, machines, pulumi.ResourceOptions(provider=provider))
"""
NODE = "/api/v1/nodes/gpu-0"
LABELLED = {"metadata": {"labels": {"nvidia.com/gpu.present": "true"}}}
POOL, CLASS = "/apis/karpenter.sh/v1/nodepools/l4", "/apis/karpenter.k8s.aws/v1/ec2nodeclasses/l4"


def test_one_up_brings_plugin_and_karpenter_and_a_destroy_takes_them(
    engine: Engine, control_plane: ControlPlane
) -> None:
    control_plane.request("PATCH", NODE, LABELLED, content_type="application/merge-patch+json")
    engine.write_program(PROGRAM)
    engine.up()

    plugin = control_plane.request("GET", "/apis/apps/v1/namespaces/gpu-system/daemonsets/nvidia-device-plugin")
    assert plugin["status"]["desiredNumberScheduled"] == plugin["status"]["numberReady"] == 1
    configs = control_plane.request("GET", "/api/v1/namespaces/gpu-system/configmaps/nvidia-device-plugin-configs")
    shared = yaml.safe_load(configs["data"]["time-slicing-4"])
    assert shared["sharing"]["timeSlicing"]["resources"] == [{"name": "nvidia.com/gpu", "replicas": 4}]

    pool, machine = there(control_plane, POOL), there(control_plane, CLASS)
    assert pool
    assert machine
    assert pool["spec"]["limits"] == {"nvidia.com/gpu": 4}
    assert machine["spec"]["role"] == "prod-nodes-1f0c"
    assert machine["spec"]["subnetSelectorTerms"] == [{"id": "subnet-a"}]
    controller = control_plane.request("GET", "/apis/apps/v1/namespaces/kube-system/deployments/karpenter")
    (container,) = controller["spec"]["template"]["spec"]["containers"]
    assert {"name": "INTERRUPTION_QUEUE", "value": "prod-interruptions-2e9d"} in container["env"]
    assert "unchanged" in engine.up("--expect-no-changes").stdout

    engine.destroy()
    assert there(control_plane, POOL) is None
    assert there(control_plane, "/apis/apps/v1/namespaces/kube-system/deployments/karpenter") is None
    assert there(control_plane, "/apis/apps/v1/namespaces/gpu-system/daemonsets/nvidia-device-plugin") is None

"""Which node group holds each pod with GPUs stands in every form of a plan."""

from __future__ import annotations

import json
from dataclasses import replace

from seldon_infra import (
    Amounts,
    EksCluster,
    GpuNodes,
    Kubernetes,
    Local,
    Model,
    NewVpc,
    NodeGroup,
    Predictor,
    Resources,
    Scaling,
    SeldonDeployment,
    SklearnServer,
    TritonServer,
)
from seldon_infra.plan.collect import Plan, collect
from seldon_infra.plan.places import with_gpus
from seldon_infra.plan.report import FORMATS
from seldon_infra.targets.node_groups import places

CLUSTER = EksCluster(
    name="prod",
    region="eu-west-1",
    version="1.34",
    network=NewVpc(zones=("eu-west-1a", "eu-west-1b")),
    node_groups=(
        NodeGroup(name="system", instance_types=("m7i.large",), scaling=Scaling(minimum=2, maximum=4)),
        GpuNodes(name="l4", instance_types=("g6.12xlarge",), scaling=Scaling(maximum=2, desired=1)),
    ),
)
GPU = Resources(limits=Amounts(gpu=1))
DEPLOYMENT = SeldonDeployment(
    name="digits",
    namespace="models",
    protocol="v2",
    predictors=(
        Predictor(
            name="main",
            replicas=3,
            traffic=90,
            graph=Model(name="classify", server=TritonServer(), model_uri="s3://m/1", resources=GPU),
        ),
        Predictor(
            name="canary", traffic=10, graph=Model(name="classify", server=SklearnServer(), model_uri="s3://m/2")
        ),
    ),
)


def plan() -> Plan:
    return replace(collect("prod", ()), places=with_gpus(places(Kubernetes(cluster=CLUSTER), (DEPLOYMENT,), ())))


def test_a_table_has_a_row_for_each_pod_with_gpus_and_the_group_that_holds_it() -> None:
    shown = """
which nodes hold pods with GPUs
  POD WITH GPUS                                 PODS  NODES                         ON A NODE  AT MOST
  SeldonDeployment 'digits' → predictor 'main'  3     GPU nodes 'l4' (g6.12xlarge)  4          8 on 2
"""
    assert shown in FORMATS["table"](plan())


def test_markdown_has_the_same_row() -> None:
    row = "| SeldonDeployment 'digits' → predictor 'main' | 3 | GPU nodes 'l4' (g6.12xlarge) | 4 | 8 on 2 |"
    assert row in FORMATS["markdown"](plan())


def test_programs_read_amounts_as_numbers() -> None:
    (found,) = json.loads(FORMATS["json"](plan()))["places"]
    assert found == {
        "deployment": "digits",
        "pod": "SeldonDeployment 'digits' → predictor 'main'",
        "pods": 3,
        "nodes": "GPU nodes 'l4'",
        "instance_types": ["g6.12xlarge"],
        "pods_on_a_node": 4,
        "nodes_at_most": 2,
        "pods_at_most": 8,
    }


def test_where_something_else_makes_the_cluster_nothing_is_said() -> None:
    assert places(Kubernetes(), (DEPLOYMENT,), ()) == places(Local(), (DEPLOYMENT,), ()) == ()
    assert "GPUS" not in FORMATS["table"](collect("prod", ()))

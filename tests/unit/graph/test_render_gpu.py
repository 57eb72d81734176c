"""A pod runs only where its GPUs have the memory that it asks for."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from seldon_infra.graph.render_gpu import on_gpus
from seldon_infra.graph.render_values import Manifest
from seldon_infra.graph.spec import Amounts, Resources

LABEL = "nvidia.com/gpu.memory"


def wish(memory: Any) -> Resources:
    return Resources(limits=Amounts(gpu=1), gpu_memory=memory)


def terms(spec: Manifest) -> list[Manifest]:
    required = spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    return list(required["nodeSelectorTerms"])


def over(mebibytes: str) -> Manifest:
    return {"key": LABEL, "operator": "Gt", "values": [mebibytes]}


@pytest.mark.parametrize(
    ("memory", "below"), [("16Gi", "16383"), ("16384Mi", "16383"), ("16G", "15258"), (2**30 + 1, "1024")]
)
def test_a_node_s_gpus_have_at_least_the_memory_in_whole_mebibytes(memory: Any, below: str) -> None:
    assert terms(on_gpus({}, [wish(memory)])) == [{"matchExpressions": [over(below)]}]


def test_every_container_s_wish_holds() -> None:
    assert terms(on_gpus({}, [wish("16Gi"), None, Resources(), wish("20Gi")])) == [
        {"matchExpressions": [over("16383"), over("20479")]}
    ]


def test_a_pod_without_wishes_stays_as_it_is() -> None:
    assert on_gpus({"nodeSelector": {"a": "b"}}, [None, Resources(limits=Amounts(gpu=1))]) == {
        "nodeSelector": {"a": "b"}
    }


def test_what_a_pod_says_about_nodes_itself_holds_too() -> None:
    zone = {"key": "zone", "operator": "In", "values": ["a"]}
    wanted = {
        "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"matchExpressions": [zone]}, {}]}
    }
    apart = {"podAntiAffinity": {"preferred": []}}
    made = on_gpus({"affinity": {"nodeAffinity": wanted, **apart}}, [wish("16Gi")])
    assert terms(made) == [{"matchExpressions": [zone, over("16383")]}, {"matchExpressions": [over("16383")]}]
    assert made["affinity"]["podAntiAffinity"] == apart["podAntiAffinity"]


async def test_memory_of_later_is_written_when_it_comes() -> None:
    (term,) = terms(on_gpus({}, [wish(pulumi.Output.from_input("16Gi"))]))
    assert await term["matchExpressions"][0]["values"][0].future() == "16383"

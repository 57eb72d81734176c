from __future__ import annotations

import pytest

from seldon_infra.graph.check import check
from seldon_infra.graph.spec import Amounts, Explainer, Orchestrator, Resources
from tests.unit.graph.check.build import NODE, PREDICTOR, Row, of_node, of_predictor


def requests(**amounts: object) -> object:
    return of_node(resources=Resources(requests=Amounts(**amounts)))


def most(**amounts: object) -> object:
    return of_node(resources=Resources(limits=Amounts(**amounts)))


def both(asked: dict[str, object], most: dict[str, object]) -> object:
    return of_node(resources=Resources(requests=Amounts(**asked), limits=Amounts(**most)))


def bad() -> Resources:
    return Resources(limits=Amounts(memory="1GB"))


def good() -> Resources:
    return Resources(limits=Amounts(memory="1G"))


MIG = "nvidia.com/mig-1g.5gb"
ROWS = {
    "memory is a quantity": Row(
        requests(memory="16 GB"),
        f"{NODE}: resources.requests.memory '16 GB', must be a quantity of Kubernetes; write memory='1Gi'",
        requests(memory="16Gi"),
    ),
    "cpu is a quantity": Row(
        requests(cpu="half"),
        f"{NODE}: resources.requests.cpu 'half', must be a quantity of Kubernetes; write cpu='500m'",
        requests(cpu=0.5),
    ),
    "an amount is not negative": Row(
        requests(ephemeral_storage="-1Gi"),
        f"{NODE}: resources.requests.ephemeral_storage '-1Gi', must not be negative; write ephemeral_storage='2Gi'",
        requests(ephemeral_storage="1Gi"),
    ),
    "cpu has thousandths": Row(
        requests(cpu="0.0005"),
        f"{NODE}: resources.requests.cpu '0.0005', must be whole thousandths of a core; write cpu='500m'",
        requests(cpu="0.001"),
    ),
    "a limit leaves room": Row(
        both({"cpu": 2}, {"cpu": "1500m"}),
        f"{NODE}: resources.requests.cpu 2 over resources.limits.cpu '1500m', must be at most the limit; "
        "write cpu='1500m' in requests",
        both({"cpu": "1500m"}, {"cpu": 1.5}),
    ),
    "units are compared as amounts": Row(
        both({"memory": "1025Mi"}, {"memory": "1Gi"}),
        f"{NODE}: resources.requests.memory '1025Mi' over resources.limits.memory '1Gi', must be at most the limit; "
        "write memory='1Gi' in requests",
        both({"memory": "1024Mi"}, {"memory": "1Gi"}),
    ),
    "GPUs are limits": Row(
        requests(gpu=1),
        f"{NODE}: resources.requests.gpu 1 with resources.limits.gpu not set, must be equal; "
        "write gpu=1 in limits and remove it from requests",
        of_node(resources=Resources(limits=Amounts(gpu=1))),
    ),
    "a request of GPUs is its limit": Row(
        both({"gpu": 1}, {"gpu": 2}),
        f"{NODE}: resources.requests.gpu 1 with resources.limits.gpu 2, must be equal; "
        "write gpu=1 in limits and remove it from requests",
        both({"gpu": 2}, {"gpu": 2}),
    ),
    "memory of GPUs is a quantity": Row(
        of_node(resources=Resources(limits=Amounts(gpu=1), gpu_memory="16 GB")),
        f"{NODE}: resources.gpu_memory '16 GB', must be a quantity of Kubernetes, more than 0; write gpu_memory='16Gi'",
        of_node(resources=Resources(limits=Amounts(gpu=1), gpu_memory="16Gi")),
    ),
    "memory of GPUs goes with GPUs": Row(
        of_node(resources=Resources(limits=Amounts(cpu=1), gpu_memory="16Gi")),
        f"{NODE}: resources.gpu_memory is set, must go with GPUs, whose memory it is; write limits=Amounts(gpu=1)",
        of_node(resources=Resources(limits=Amounts(others={MIG: 1}), gpu_memory="4Gi")),
    ),
    "an explainer's place is not chosen": Row(
        of_predictor(
            explainer=Explainer(
                type="AnchorTabular",
                resources=Resources(limits=Amounts(gpu=1), gpu_memory="16Gi"),
                model_uri="s3://b/e",
            )
        ),
        f"{PREDICTOR}: explainer.resources.gpu_memory is set, must be on a node of the graph, whose pod it chooses the "
        "place of; remove it",
        of_predictor(
            explainer=Explainer(type="AnchorTabular", resources=Resources(limits=Amounts(gpu=1)), model_uri="s3://b/e")
        ),
    ),
    "other resources have names": Row(
        most(others={"my resource": 1}),
        f"{NODE}: resources.limits.others['my resource'], must be the name of a Kubernetes resource; "
        "write it as 'vendor.com/name'",
        most(others={MIG: 1}),
    ),
    "other resources are quantities": Row(
        most(others={MIG: "one"}),
        f"{NODE}: resources.limits.others['{MIG}'] 'one', must be a quantity of Kubernetes; write others['{MIG}']=1",
        most(others={MIG: 1}),
    ),
    "memory is whole bytes": Row(
        requests(memory="100m"),
        f"{NODE}: resources.requests.memory '100m', must be whole bytes; write memory='1Gi'",
        requests(memory="100M"),
    ),
    "disk is whole bytes": Row(
        requests(ephemeral_storage="0.5"),
        f"{NODE}: resources.requests.ephemeral_storage '0.5', must be whole bytes; write ephemeral_storage='2Gi'",
        requests(ephemeral_storage="0.5Gi"),
    ),
    "other resources are whole pieces": Row(
        most(others={MIG: "500m"}),
        f"{NODE}: resources.limits.others['{MIG}'] '500m', must be a whole number; write others['{MIG}']=1",
        most(others={MIG: "1"}),
    ),
    "other resources are limits": Row(
        requests(others={MIG: 1}),
        f"{NODE}: resources.requests.others['{MIG}'] 1 with resources.limits.others['{MIG}'] not set, must be equal; "
        f"write others['{MIG}']=1 in limits and remove it from requests",
        most(others={MIG: 1}),
    ),
    "a request of another resource is its limit": Row(
        both({"others": {MIG: 1}}, {"others": {MIG: 2}}),
        f"{NODE}: resources.requests.others['{MIG}'] 1 with resources.limits.others['{MIG}'] 2, must be equal; "
        f"write others['{MIG}']=1 in limits and remove it from requests",
        both({"others": {MIG: 2}}, {"others": {MIG: "2"}}),
    ),
    "other resources have a vendor": Row(
        most(others={"gpus": 1}),
        f"{NODE}: resources.limits.others['gpus'], must be the name of a Kubernetes resource; "
        "write it as 'vendor.com/name'",
        most(others={"hugepages-2Mi": "4Mi"}),
    ),
    "a resource that has a field": Row(
        most(others={"nvidia.com/gpu": 1}),
        f"{NODE}: resources.limits.others['nvidia.com/gpu'], must be given by its field; write gpu=…",
        most(gpu=1),
    ),
    "of the engine too": Row(
        of_predictor(engine_resources=bad()),
        f"{PREDICTOR}: engine_resources.limits.memory '1GB', must be a quantity of Kubernetes; write memory='1Gi'",
        of_predictor(engine_resources=good()),
    ),
    "of the orchestrator too": Row(
        of_predictor(orchestrator=Orchestrator(resources=bad())),
        f"{PREDICTOR}: orchestrator.resources.limits.memory '1GB', must be a quantity of Kubernetes; "
        "write memory='1Gi'",
        of_predictor(orchestrator=Orchestrator(resources=good())),
    ),
    "of the explainer too": Row(
        of_predictor(explainer=Explainer(type="ALE", model_uri="s3://b/e", resources=bad())),
        f"{PREDICTOR}: explainer.resources.limits.memory '1GB', must be a quantity of Kubernetes; write memory='1Gi'",
        of_predictor(explainer=Explainer(type="ALE", model_uri="s3://b/e", resources=good())),
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_rule_says_what_is_wrong_and_nothing_about_what_is_right(row: Row) -> None:
    assert [str(problem) for problem in check(row.wrong)] == [row.message]
    assert check(row.right) == []

from __future__ import annotations

import pytest

from seldon_infra.graph.check import check
from seldon_infra.graph.spec import SeldonDeployment
from seldon_infra.servers.spec import (
    DynamicBatching,
    InstanceGroup,
    Tensor,
    TritonModel,
    TritonRepository,
    TritonServer,
)
from tests.unit.graph.check.build import NODE, Row, graph, model

PIXELS = Tensor(name="pixels", dtype="FP32", dims=[64])
DIGIT = Tensor(name="digit", dtype="INT64", dims=[1])


def triton(**fields: object) -> SeldonDeployment:
    config = TritonModel(**{"inputs": [PIXELS], "outputs": [DIGIT], **fields})
    return graph(model(server=TritonServer(config=config)), protocol="v2")


def pixels(**fields: object) -> SeldonDeployment:
    return triton(inputs=[Tensor(**{"name": "pixels", "dtype": "FP32", "dims": [64], **fields})])


ONE = TritonModel(name="score", inputs=[PIXELS], outputs=[DIGIT])


def repository(*models: TritonModel) -> SeldonDeployment:
    return graph(model(server=TritonServer(repository=TritonRepository(models=models))), protocol="v2")


ROWS = {
    "a model is called as its node": Row(
        triton(name="digits"),
        f"{NODE}: config.name 'digits', must be its node's, 'score', because that is what requests ask for; "
        "remove name from TritonModel",
        triton(name="score"),
    ),
    "a backend has a name": Row(
        triton(backend=""),
        f"{NODE}: config.backend '', must be the name of a Triton backend; write backend='python'",
        triton(backend="onnxruntime"),
    ),
    "a model's file is in its folder": Row(
        triton(default_model_filename="../model.py"),
        f"{NODE}: config.default_model_filename '../model.py', must be the name of a file in the version folder; "
        "write default_model_filename='model.py'",
        triton(default_model_filename="model.py"),
    ),
    "a batch is not negative": Row(
        triton(max_batch_size=-1),
        f"{NODE}: config.max_batch_size -1, must be 0 or more; write config.max_batch_size=0 or more",
        triton(max_batch_size=0),
    ),
    "versions count from one": Row(
        triton(version=0),
        f"{NODE}: config.version 0, must be 1 or more; write config.version=1 or more",
        triton(version=2),
    ),
    "there are inputs": Row(
        triton(inputs=[]),
        f"{NODE}: config.inputs is empty, must name at least one tensor; "
        "write inputs=[Tensor(name=…, dtype='FP32', dims=[…])]",
        triton(),
    ),
    "a tensor's name comes once": Row(
        triton(outputs=[DIGIT, DIGIT]),
        f"{NODE}: config.outputs names 'digit' twice, must be unique; rename one of them or remove it",
        triton(outputs=[DIGIT, PIXELS]),
    ),
    "a tensor has dimensions": Row(
        pixels(dims=[]),
        f"{NODE} → tensor 'pixels': dims is empty, must have at least one dimension; "
        "write dims=[1] for one number, or -1 for any size",
        pixels(dims=[1]),
    ),
    "a dimension is a size": Row(
        pixels(dims=[8, 0]),
        f"{NODE} → tensor 'pixels': dims [8, 0], must be sizes of 1 or more, or -1 for any; write -1 in place of 0",
        pixels(dims=[8, -1]),
    ),
    "a dimension below -1": Row(
        pixels(dims=[-2]),
        f"{NODE} → tensor 'pixels': dims [-2], must be sizes of 1 or more, or -1 for any; write -1 in place of -2",
        pixels(dims=[-1]),
    ),
    "another shape has as many elements": Row(
        pixels(reshape=[8, 9]),
        f"{NODE} → tensor 'pixels': reshape [8, 9] has 72 elements, must have as many as dims [64], 64; change reshape",
        pixels(reshape=[8, 8]),
    ),
    "there is an instance": Row(
        triton(instance_groups=[InstanceGroup(count=0)]),
        f"{NODE}: config.instance_groups[0].count 0, must be 1 or more; "
        "write config.instance_groups[0].count=1 or more",
        triton(instance_groups=[InstanceGroup(count=2)]),
    ),
    "GPUs are for instances on GPUs": Row(
        triton(instance_groups=[InstanceGroup(kind="CPU", gpus=[0])]),
        f"{NODE}: config.instance_groups[0].gpus with kind 'CPU', must be given with kind 'GPU' or 'AUTO'; "
        "write kind='GPU' or remove gpus",
        triton(instance_groups=[InstanceGroup(kind="GPU", gpus=[0])]),
    ),
    "GPUs have numbers": Row(
        triton(instance_groups=[InstanceGroup(kind="GPU", gpus=[-1])]),
        f"{NODE}: config.instance_groups[0].gpus [-1], must be numbers of GPUs, from 0, each once; change gpus",
        triton(instance_groups=[InstanceGroup(kind="GPU", gpus=[1])]),
    ),
    "batching needs batches": Row(
        triton(dynamic_batching=DynamicBatching()),
        f"{NODE}: config.dynamic_batching with max_batch_size 0, must have max_batch_size of 1 or more; "
        "write max_batch_size=8 or remove dynamic_batching",
        triton(dynamic_batching=DynamicBatching(), max_batch_size=8),
    ),
    "batches fit": Row(
        triton(dynamic_batching=DynamicBatching(preferred_batch_sizes=[4, 16]), max_batch_size=8),
        f"{NODE}: config.dynamic_batching.preferred_batch_sizes [4, 16], must be from 1 to max_batch_size 8; "
        "remove 16 or raise max_batch_size",
        triton(dynamic_batching=DynamicBatching(preferred_batch_sizes=[4, 8]), max_batch_size=8),
    ),
    "a delay is not negative": Row(
        triton(dynamic_batching=DynamicBatching(max_queue_delay_microseconds=-1), max_batch_size=8),
        f"{NODE}: config.dynamic_batching.max_queue_delay_microseconds -1, must be 0 or more; "
        "write config.dynamic_batching.max_queue_delay_microseconds=0 or more",
        triton(dynamic_batching=DynamicBatching(max_queue_delay_microseconds=100), max_batch_size=8),
    ),
    "one model, or several": Row(
        graph(model(server=TritonServer(config=ONE, repository=TritonRepository(models=[ONE]))), protocol="v2"),
        f"{NODE}: config and repository, must be one of them; put all models into repository.models",
        graph(model(server=TritonServer(repository=TritonRepository(models=[ONE]))), protocol="v2"),
    ),
    "a repository holds its node's": Row(
        repository(TritonModel(name="scores", inputs=[PIXELS], outputs=[DIGIT])),
        f"{NODE}: repository.models scores, must hold one of its node's name, 'score', because that is what requests "
        "ask for; write scores",
        repository(ONE),
    ),
    "each of its models keeps the rules": Row(
        repository(ONE, TritonModel(name="other", inputs=[PIXELS], outputs=[])),
        f"{NODE} → Triton model 'other': outputs is empty, must name at least one tensor; "
        "write outputs=[Tensor(name=…, dtype='FP32', dims=[…])]",
        repository(ONE, TritonModel(name="other", inputs=[PIXELS], outputs=[DIGIT])),
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_rule_says_what_is_wrong_and_nothing_about_what_is_right(row: Row) -> None:
    assert [str(problem) for problem in check(row.wrong)] == [row.message]
    assert check(row.right) == []

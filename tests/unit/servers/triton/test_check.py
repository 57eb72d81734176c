"""One row for each rule about a model: what breaks it, what is said, and what keeps it."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from seldon_infra.servers.triton.check import model_problems
from seldon_infra.triton import (
    AllVersions,
    BatchInput,
    BatchOutput,
    Control,
    ControlInput,
    CudaGraph,
    CudaOptimization,
    DataFile,
    DirectStrategy,
    DynamicBatching,
    InstanceGroup,
    LatestVersions,
    MetricHistogram,
    OldestStrategy,
    Optimization,
    QueuePolicy,
    RateLimiter,
    RateLimiterResource,
    SequenceBatching,
    SequenceState,
    SpecificVersions,
    Tensor,
    TritonModel,
    Warmup,
    WarmupInput,
)

X = Tensor(name="x", dtype="FP32", dims=[3])
Y = Tensor(name="y", dtype="FP32", dims=[3])
Z = Tensor(name="z", dtype="INT64", dims=[1])


class Row(NamedTuple):
    """A rule: what breaks it, what is said, and the nearest neighbour that keeps it."""

    wrong: Any
    said: str
    right: Any


def model(**fields: Any) -> TritonModel:
    return TritonModel(**{"name": "m", "inputs": [X], "outputs": [Y], "max_batch_size": 8, **fields})


def batching(**fields: Any) -> TritonModel:
    return model(dynamic_batching=DynamicBatching(**fields))


def sequence(*controls: Control, **fields: Any) -> TritonModel:
    inputs = [ControlInput(name=f"c{index}", controls=[control]) for index, control in enumerate(controls)]
    return model(sequence_batching=SequenceBatching(**{"control_inputs": inputs, **fields}))


def group(backend: str = "python", **fields: Any) -> TritonModel:
    return model(backend=backend, instance_groups=[InstanceGroup(**fields)])


def warm(data: Any = "zeros", inputs: Any = None, dims: Any = (3,), dtype: Any = "FP32", **fields: Any) -> TritonModel:
    given = inputs or {"x": WarmupInput(dtype=dtype, dims=dims, data=data)}
    return model(warmups=[Warmup(**{"name": "first", "inputs": given, **fields})])


def tensor(side: str = "inputs", max_batch_size: int = 8, **fields: Any) -> TritonModel:
    made = Tensor(**{"name": side[0], "dtype": "FP32", "dims": [3], **fields})
    return model(**{side: [made], "max_batch_size": max_batch_size})


def limited(**fields: Any) -> TritonModel:
    return group(rate_limiter=RateLimiter(**fields))


START = Control(kind="START", int32_false_true=(0, 1))
DELAY = QueuePolicy(timeout_action="DELAY", default_timeout_microseconds=5)
STATE = {"input_name": "i", "output_name": "o", "dtype": "FP32", "dims": [2]}
MODELS = {
    "a platform is one of its backend": Row(
        model(backend="onnxruntime", platform="onnx"),
        "platform 'onnx', must be one of its backend: onnxruntime_onnx",
        model(backend="onnxruntime", platform="onnxruntime_onnx"),
    ),
    "a runtime is a file of the backend": Row(
        model(runtime="../x.so"), "runtime '../x.so', must be the name of a file", model(runtime="model.py")
    ),
    "the latest versions are some": Row(
        model(version_policy=LatestVersions(count=0)),
        "version_policy.count 0, must be 1 or more",
        model(version_policy=LatestVersions(count=2)),
    ),
    "specific versions are named": Row(
        model(version_policy=SpecificVersions(versions=[])),
        "version_policy.versions is empty, must name at least one",
        model(version_policy=SpecificVersions(versions=[2, 3])),
    ),
    "versions count from one": Row(
        model(version_policy=SpecificVersions(versions=[0])),
        "version_policy.versions 0, must be 1 or more",
        model(version_policy=AllVersions()),
    ),
    "a tensor has a name": Row(
        model(inputs=[Tensor(name="", dtype="FP32", dims=[3])]), "inputs has a tensor without name", model()
    ),
    "an image has three dimensions": Row(
        tensor(format="NHWC", dims=[8, 8]),
        "format 'NHWC' with dims [8, 8], must have three dimensions",
        tensor(format="NHWC", dims=[8, 8, 3]),
    ),
    "an empty reshape needs a batch": Row(
        tensor(dims=[1], reshape=[], max_batch_size=0),
        "reshape [] with max_batch_size 0, must leave a dimension",
        tensor(dims=[1], reshape=[]),
    ),
    "a reshape keeps what is between sizes of any number": Row(
        tensor(dims=[2, -1, 3], reshape=[-1, 6]),
        "reshape [-1, 6] with dims [2, -1, 3], must have as many -1",
        tensor(dims=[2, 4, -1, 6], reshape=[8, -1, 1, 6]),
    ),
    "an output is not optional": Row(
        tensor("outputs", optional=True),
        "optional True in outputs, must be set on an input alone",
        tensor(optional=True),
    ),
    "an output is not ragged": Row(
        tensor("outputs", ragged=True), "ragged True in outputs, must be set on an input", tensor(ragged=True)
    ),
    "an input has no labels": Row(
        tensor(label_filename="labels.txt"),
        "label_filename 'labels.txt' in inputs, must be set on an output alone",
        tensor("outputs", label_filename="labels.txt"),
    ),
    "labels are in the model's folder": Row(
        tensor("outputs", label_filename="../labels.txt"),
        "label_filename '../labels.txt', must be the name of a file",
        tensor("outputs", label_filename="labels.txt"),
    ),
    "shape tensors are TensorRT's": Row(
        tensor(shape_tensor=True),
        "shape_tensor True with 'python', must be for TensorRT alone",
        model(backend="tensorrt", inputs=[Tensor(name="x", dtype="INT32", dims=[3], shape_tensor=True)]),
    ),
    "a file by compute capability": Row(
        model(model_filenames={"ampere": "a.plan"}),
        "model_filenames['ampere'], must be by CUDA compute capability",
        model(model_filenames={"8.6": "a.plan"}),
    ),
    "such a file is in the version folder": Row(
        model(model_filenames={"8.6": "../a.plan"}),
        "model_filenames['8.6'] '../a.plan', must be the name of a file",
        model(model_filenames={"8.6": "a.plan"}),
    ),
    "a decoupled model's answers are not kept": Row(
        model(decoupled=True, response_cache=True),
        "response_cache with decoupled, must be without it",
        model(response_cache=True),
    ),
    "a sequence's answers are not kept": Row(
        model(sequence_batching=SequenceBatching(), response_cache=True),
        "response_cache with sequence_batching, must be without it",
        sequence(),
    ),
    "a batch input is made of one input": Row(
        model(batch_inputs=[BatchInput(kind="ELEMENT_COUNT", targets=["n"], dtype="INT32", sources=["q"])]),
        "batch_inputs[0].sources ['q'], must be one of the inputs: x",
        model(batch_inputs=[BatchInput(kind="ELEMENT_COUNT", targets=["n"], dtype="INT32", sources=["x"])]),
    ),
    "a batch output is an output": Row(
        model(batch_outputs=[BatchOutput(targets=["q"], sources=["x"])]),
        "batch_outputs[0].targets ['q'], must be of the outputs: y",
        model(batch_outputs=[BatchOutput(targets=["y"], sources=["x"])]),
    ),
    "a batch output is divided once": Row(
        model(batch_outputs=[BatchOutput(targets=["y", "y"], sources=["x"])]),
        "batch_outputs names 'y' twice, must be unique",
        model(batch_outputs=[BatchOutput(targets=["y"], sources=["x"])]),
    ),
    "buckets ascend": Row(
        model(histograms=[MetricHistogram(family="f", buckets=[5, 1])]),
        "histograms[0].buckets [5.0, 1.0], must be numbers that ascend",
        model(histograms=[MetricHistogram(family="f", buckets=[1, 5])]),
    ),
    "groups have names of their own": Row(
        model(instance_groups=[InstanceGroup(name="a"), InstanceGroup(name="a")]),
        "instance_groups names 'a' twice, must be unique",
        model(instance_groups=[InstanceGroup(name="a"), InstanceGroup(name="b")]),
    ),
    "a GPU is listed once": Row(
        group(kind="GPU", gpus=[0, 0]),
        "instance_groups[0].gpus [0, 0], must be numbers of GPUs, from 0, each once",
        group(kind="AUTO", gpus=[0, 1]),
    ),
    "memory of GPUs goes with them": Row(
        group(gpu_memory="3Gi"),
        "instance_groups[0].gpu_memory with kind 'CPU', must be given with kind 'GPU' or 'AUTO' or 'MODEL'",
        group(kind="GPU", gpu_memory="3Gi"),
    ),
    "memory of GPUs is an amount": Row(
        group(kind="GPU", gpu_memory="3 GB"),
        "instance_groups[0].gpu_memory '3 GB', must be a quantity",
        group(kind="GPU", gpu_memory=2**30),
    ),
    "profiles are TensorRT's": Row(
        group(profiles=["0"]),
        "instance_groups[0].profiles with backend 'python', must be for TensorRT alone",
        group("tensorrt", profiles=["0"]),
    ),
    "profiles are numbers": Row(
        group("tensorrt", profiles=["first"]),
        "instance_groups[0].profiles ['first'], must be numbers",
        group("tensorrt", profiles=["0", "1"]),
    ),
    "a weight counts from one": Row(
        limited(priority=0), "instance_groups[0].rate_limiter.priority 0, must be 1 or more", limited(priority=2)
    ),
    "a resource is held": Row(
        limited(resources=[RateLimiterResource(name="r", count=0)]),
        "instance_groups[0].rate_limiter.resources['r'].count 0, must be 1 or more",
        limited(resources=[RateLimiterResource(name="r", count=1)]),
    ),
    "a resource is named once": Row(
        limited(resources=[RateLimiterResource(name="r", count=1)] * 2),
        "instance_groups[0].rate_limiter.resources names 'r' twice, must be unique",
        limited(resources=[RateLimiterResource(name=name, count=1) for name in "rs"]),
    ),
    "requests are joined in one way": Row(
        model(dynamic_batching=DynamicBatching(), sequence_batching=SequenceBatching()),
        "dynamic_batching and sequence_batching, must be one of them",
        batching(),
    ),
    "a request has a level": Row(
        batching(priority_levels=2),
        "dynamic_batching.default_priority_level 0, must be from 1 to priority_levels 2",
        batching(priority_levels=2, default_priority_level=1),
    ),
    "a level needs levels": Row(
        batching(default_priority_level=1),
        "dynamic_batching.default_priority_level with priority_levels 0, must go with levels",
        batching(),
    ),
    "a policy is for a level that there is": Row(
        batching(priority_levels=2, default_priority_level=1, priority_queue_policies={3: QueuePolicy()}),
        "dynamic_batching.priority_queue_policies[3], must be a level from 1 to priority_levels 2",
        batching(priority_levels=2, default_priority_level=1, priority_queue_policies={2: QueuePolicy()}),
    ),
    "order and levels exclude each other": Row(
        batching(preserve_ordering=True, priority_levels=2, default_priority_level=1),
        "dynamic_batching.priority_levels 2 with preserve_ordering, must be at most 1",
        batching(preserve_ordering=True, priority_levels=1, default_priority_level=1),
    ),
    "order and delay exclude each other": Row(
        batching(preserve_ordering=True, default_queue_policy=DELAY),
        "dynamic_batching.default_queue_policy.timeout_action 'DELAY' with preserve_ordering, must be 'REJECT'",
        batching(default_queue_policy=DELAY),
    ),
    "a queue is not negative": Row(
        batching(default_queue_policy=QueuePolicy(max_queue_size=-1)),
        "dynamic_batching.default_queue_policy.max_queue_size -1, must be 0 or more",
        batching(default_queue_policy=QueuePolicy(max_queue_size=9)),
    ),
    "a sequence may be silent for a while": Row(
        sequence(max_sequence_idle_microseconds=0),
        "sequence_batching.max_sequence_idle_microseconds 0, must be 1 or more",
        sequence(max_sequence_idle_microseconds=9),
    ),
    "a control has values of one type": Row(
        sequence(Control(kind="START")),
        "sequence_batching.control_inputs['c0'] 'START' with no values, must have values of one type",
        sequence(START),
    ),
    "a control has two values": Row(
        sequence(Control(kind="END", fp32_false_true=(0,))),
        "sequence_batching.control_inputs['c0'].fp32_false_true [0.0], must be two",
        sequence(Control(kind="END", bool_false_true=(False, True))),
    ),
    "an id has a type": Row(
        sequence(Control(kind="CORRID", dtype="FP32")),
        "sequence_batching.control_inputs['c0'] 'CORRID' with dtype 'FP32', must have a dtype alone: UINT64",
        sequence(Control(kind="CORRID", dtype="UINT64")),
    ),
    "a control is given once": Row(
        sequence(START, START), "sequence_batching.control_inputs says 'START' twice, must say it once", sequence(START)
    ),
    "a control input tells one thing": Row(
        model(sequence_batching=SequenceBatching(control_inputs=[ControlInput(name="c", controls=[])])),
        "sequence_batching.control_inputs['c'] has 0 controls, must have one",
        sequence(START),
    ),
    "there are sequences": Row(
        sequence(strategy=OldestStrategy(max_candidate_sequences=0)),
        "sequence_batching.strategy.max_candidate_sequences 0, must be 1 or more",
        sequence(strategy=OldestStrategy(max_candidate_sequences=4)),
    ),
    "batches of sequences fit": Row(
        sequence(strategy=OldestStrategy(max_candidate_sequences=4, preferred_batch_sizes=[9])),
        "sequence_batching.strategy.preferred_batch_sizes [9], must be from 1 to max_batch_size 8",
        sequence(strategy=OldestStrategy(max_candidate_sequences=4, preferred_batch_sizes=[8])),
    ),
    "a share is one": Row(
        sequence(strategy=DirectStrategy(minimum_slot_utilization=2)),
        "sequence_batching.strategy.minimum_slot_utilization 2.0, must be a share",
        sequence(strategy=DirectStrategy(minimum_slot_utilization=0.5)),
    ),
    "memory grows in one buffer": Row(
        sequence(states=[SequenceState(**STATE, growable_memory=True)]),
        "sequence state 'i': growable_memory without same_buffer, must go with it",
        sequence(states=[SequenceState(**STATE, growable_memory=True, same_buffer=True)]),
    ),
    "a warm-up has batches of the model": Row(
        warm(batch_size=9), "warmups[0].batch_size 9, must be from 1 to 8", warm(batch_size=8)
    ),
    "a warm-up gives every input": Row(
        warm(inputs={"q": WarmupInput(dtype="FP32", dims=[3])}),
        "warmups[0].inputs lacks 'x', must give every input",
        warm(),
    ),
    "a warm-up gives the input's type": Row(
        warm(dtype="INT64"), "warmups[0].inputs['x'].dtype 'INT64', must be the input's; write dtype='FP32'", warm()
    ),
    "a warm-up gives one of the input's shapes": Row(
        warm(dims=(4,)), "warmups[0].inputs['x'].dims [4], must be one of the input's shapes, [3]", warm()
    ),
    "a warm-up knows its sizes": Row(
        warm(dims=(-1,)), "warmups[0].inputs['x'].dims [-1], must be sizes of 1 or more", warm()
    ),
    "a warm-up's file is in its folder": Row(
        warm(data=DataFile(name="a/b")),
        "warmups[0].inputs['x'].data 'a/b', must be the name of a file in the folder warmup",
        warm(data=DataFile(name="b")),
    ),
    "warm-ups have names of their own": Row(
        model(warmups=[*warm().warmups, *warm().warmups]), "warmups names 'first' twice, must be unique", warm()
    ),
    "a CUDA graph has batches of the model": Row(
        model(optimization=Optimization(cuda=CudaOptimization(graphs=True, graph_specs=[CudaGraph(batch_size=0)]))),
        "optimization.cuda.graph_specs[0].batch_size 0, must be from 1 to max_batch_size 8",
        model(optimization=Optimization(cuda=CudaOptimization(graphs=True, graph_specs=[CudaGraph(batch_size=8)]))),
    ),
    "a CUDA graph's inputs are the model's": Row(
        model(
            optimization=Optimization(cuda=CudaOptimization(graph_specs=[CudaGraph(batch_size=1, inputs={"q": [1]})]))
        ),
        "optimization.cuda.graph_specs[0].inputs['q'], must be an input of the model",
        model(
            optimization=Optimization(cuda=CudaOptimization(graph_specs=[CudaGraph(batch_size=1, inputs={"x": [3]})]))
        ),
    ),
    "a graph's level is one": Row(
        model(optimization=Optimization(graph_level=-2)),
        "optimization.graph_level -2, must be -1 or more",
        model(optimization=Optimization(graph_level=-1)),
    ),
}


@pytest.mark.parametrize("row", MODELS.values(), ids=MODELS)
def test_a_rule_says_what_is_wrong_with_a_model_and_nothing_about_what_is_right(row: Row) -> None:
    assert row.said in str(next(model_problems("Triton model 'm'", row.wrong), None))
    assert list(model_problems("Triton model 'm'", row.right)) == []


def test_everything_that_is_wrong_is_said_at_once() -> None:
    wrong = model(
        backend="",
        inputs=[X, X],
        instance_groups=[InstanceGroup(count=0)],
        dynamic_batching=DynamicBatching(preferred_batch_sizes=[9]),
    )
    assert len(list(model_problems("m", wrong))) == 4

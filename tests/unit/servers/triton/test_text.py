"""A typed Triton model and its ``config.pbtxt``: each is the other, and what only one of them can say is an error."""

from __future__ import annotations

import subprocess
import sys
import types
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seldon_infra.core.errors import InvalidSpec
from seldon_infra.core.model import Spec
from seldon_infra.servers.triton.batching import DynamicBatching
from seldon_infra.servers.triton.data import DataFile, Warmup, WarmupInput
from seldon_infra.servers.triton.instances import InstanceGroup
from seldon_infra.servers.triton.spec import (
    EnsembleStep,
    LatestVersions,
    SpecificVersions,
    TritonEnsemble,
    TritonModel,
)
from seldon_infra.servers.triton.tensors import Tensor
from seldon_infra.servers.triton.text import config_pbtxt, read_config_pbtxt

X, Y = Tensor(name="x", dtype="FP32", dims=(3,)), Tensor(name="y", dtype="INT64", dims=(1,))
SMALL = """\
name: "node"
version_policy {
  specific {
    versions: 1
  }
}
input {
  name: "x"
  data_type: TYPE_FP32
  dims: 3
}
output {
  name: "y"
  data_type: TYPE_INT64
  dims: 1
}
backend: "python"
"""
BY_HAND = """
# as Triton's own examples are written
platform: "onnxruntime_onnx" max_batch_size : 8
input [ { name: "x" data_type: TYPE_STRING format: FORMAT_NHWC dims: [ 224, 224, 3 ] } ]
output [ { name: 'y', data_type: TYPE_FP32; dims: [ 1000 ] label_filename: "labels.txt" } ]
instance_group [ { count: 2 kind: KIND_GPU gpus: [ 0, 1 ] }, { kind: KIND_AUTO } ]
dynamic_batching { preferred_batch_size: [ 4, 8 ] priority_levels: 2 default_priority_level: 1
  priority_queue_policy { key: 1 value { timeout_action: DELAY default_timeout_microseconds: 500 } } }
model_warmup [ { name: "first" batch_size: 1 inputs { key: "x" value { data_type: TYPE_STRING dims: [ 224, 224, 3 ]
  input_data_file: "x.bin" } } } ]
optimization { execution_accelerators { gpu_execution_accelerator : [ { name : "tensorrt" } ] } }
"""


def test_a_small_model() -> None:
    assert config_pbtxt(TritonModel(inputs=(X,), outputs=(Y,)), "node") == SMALL


def test_a_configuration_by_hand_becomes_typed_with_triton_s_own_defaults() -> None:
    model = read_config_pbtxt(BY_HAND)
    assert isinstance(model, TritonModel)
    assert (model.name, model.backend, model.version_policy) == (None, "onnxruntime", LatestVersions())
    assert model.inputs == (Tensor(name="x", dtype="BYTES", format="NHWC", dims=(224, 224, 3)),)
    assert model.outputs[0].label_filename == "labels.txt"
    assert model.instance_groups == (InstanceGroup(kind="GPU", count=2, gpus=(0, 1)), InstanceGroup(kind="AUTO"))
    assert model.dynamic_batching is not None
    assert model.dynamic_batching.priority_queue_policies[1].timeout_action == "DELAY"
    given = WarmupInput(dtype="BYTES", dims=(224, 224, 3), data=DataFile(name="x.bin"))
    assert model.warmups == (Warmup(name="first", inputs={"x": given}),)
    assert model.optimization is not None
    assert [it.name for it in model.optimization.gpu_accelerators] == ["tensorrt"]


def test_an_ensemble_has_its_platform_and_no_backend() -> None:
    step = EnsembleStep(model="scale", inputs={"a": "x"}, outputs={"b": "y"})
    ensemble = TritonEnsemble(name="both", inputs=(X,), outputs=(Y,), steps=(step,))
    text = config_pbtxt(ensemble)
    assert 'platform: "ensemble"' in text
    assert "backend" not in text
    assert read_config_pbtxt(text) == ensemble


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            'name: "a"\ninstance_groups [ { count: 2 } ]\n',
            "m line 2: 'instance_groups' is no field of ModelConfig, must be one that Triton has; write instance_group",
        ),
        (
            'name: "a"\n\ndynamic_batching {\n  max_delay: 5\n}\n',
            "m line 4: 'max_delay' is no field of ModelDynamicBatching, must be one that Triton has; fields are: ",
        ),
        ("input [ { data_type: TYPE_FLOAT } ]\n", "m line 1: "),
        ('max_batch_size: "8"\n', "m line 1: "),
        ("dynamic_batching {\n", "m line 1: "),
        ('backend: "a" input { name: "x" }\n', "m → Triton model: inputs[0].dtype is not set, must be given"),
        (
            'backend: "a" model_warmup { name: "w" inputs { key: "x" value { data_type: TYPE_FP32 dims: 1 } } }\n',
            "m → Triton model: warmups[0].inputs.x.data",
        ),
    ],
)
def test_what_is_no_configuration_is_said_with_its_line_or_field(text: str, said: str) -> None:
    with pytest.raises(InvalidSpec) as error:
        read_config_pbtxt(text, "m")
    assert said in str(error.value)


def test_what_an_ensemble_cannot_have_is_named_and_not_dropped() -> None:
    text = (
        'platform: "ensemble" name: "e" instance_group { count: 2 } model_transaction_policy { decoupled: true }\n'
        'ensemble_scheduling { step { model_name: "a" model_namespace: "n" input_map { key: "x" value: "y" } } }\n'
    )
    with pytest.raises(InvalidSpec) as error:
        read_config_pbtxt(text, "m")
    assert [problem.got for problem in error.value.problems] == [
        "instance_group[0] '…'",
        "ensemble_scheduling.step[0].model_namespace 'n'",
        "model_transaction_policy.decoupled True",
    ]


def test_a_value_that_the_message_cannot_hold_is_said() -> None:
    batching = DynamicBatching(max_queue_delay_microseconds=-1)
    with pytest.raises(InvalidSpec, match="max_queue_delay_microseconds -1, must be a value that Triton's"):
        config_pbtxt(TritonModel(inputs=(X,), outputs=(Y,), dynamic_batching=batching), "m")


def test_memory_of_instances_is_for_the_preview_alone() -> None:
    groups = (InstanceGroup(kind="GPU", gpu_memory="3Gi"),)
    assert "3Gi" not in config_pbtxt(TritonModel(inputs=(X,), outputs=(Y,), instance_groups=groups), "m")


def test_writing_a_configuration_loads_neither_numpy_nor_grpc() -> None:
    text = """
import sys
from seldon_infra import Tensor, TritonModel, config_pbtxt
x = Tensor(name="x", dtype="FP32", dims=(1,))
config_pbtxt(TritonModel(inputs=(x,), outputs=(x,)), "m")
print(*sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=240, check=True)
    assert set(done.stdout.split()) & {"numpy", "grpc", "tritonclient"} == set()


def test_where_the_client_is_not_installed_it_is_said_how_to_get_it() -> None:
    text = """
import sys
sys.modules["tritonclient"] = None
from seldon_infra.core.errors import PartNotFound
from seldon_infra.triton import read_config_pbtxt
try:
    read_config_pbtxt("")
except PartNotFound as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=240, check=True)
    assert done.stdout == (
        "tritonclient is not on this machine; run: pip install 'seldon-infra[local]' or 'seldon-infra[cluster]'\n"
    )


TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=5)
NEVER_READ = {"gpu_memory", "version"}
"""Fields that are not in Triton's message."""


def values(annotation: Any) -> st.SearchStrategy[Any]:
    """Any value of a field, by its annotation."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return st.sampled_from(inner)
    if origin is Annotated:
        return values(inner[0])
    if origin in (Union, types.UnionType):
        return st.one_of(*map(values, inner))
    if origin is tuple:
        return st.lists(values(inner[0]), max_size=2).map(tuple)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return st.dictionaries(values(inner[0]), values(inner[1]), max_size=2)
    if isinstance(annotation, type) and issubclass(annotation, Spec):
        return specs(annotation)
    plain = {str: TEXT, int: st.integers(1, 2**31 - 1), bool: st.booleans(), type(None): st.none()}
    return plain[annotation] if annotation in plain else st.integers(0, 7999).map(lambda n: n / 8)


@cache
def specs(kind: type[Spec]) -> st.SearchStrategy[Any]:
    """Any value of a type, with any of its fields."""
    never = NEVER_READ if kind is not EnsembleStep else set()
    fields = {name: values(info.annotation) for name, info in kind.model_fields.items() if name not in never}
    if kind is SpecificVersions:
        fields["versions"] = st.lists(st.integers(1, 9), min_size=2, max_size=3, unique=True).map(tuple)
    required = {name for name, info in kind.model_fields.items() if info.is_required()}
    must = {name: fields[name] for name in fields if name in required}
    may = {name: fields[name] for name in fields if name not in required}
    return st.fixed_dictionaries(must, optional=may).map(lambda chosen: kind(**chosen))


@cache
def tensors(*without: str) -> st.SearchStrategy[Any]:
    """Tensors of one side: a message of an input has no field for what an output alone can have."""
    plain = {name: info.get_default() for name, info in Tensor.model_fields.items() if name in without}
    return st.lists(specs(Tensor).map(lambda tensor: tensor.model_copy(update=plain)), min_size=1, max_size=2).map(
        tuple
    )


@st.composite
def configurations(draw: st.DrawFn) -> TritonModel | TritonEnsemble:
    model = draw(st.one_of(specs(TritonModel), specs(TritonEnsemble)))
    update: dict[str, object] = {
        "name": draw(TEXT),
        "inputs": draw(tensors("label_filename")),
        "outputs": draw(tensors("optional", "format", "ragged")),
    }
    if isinstance(model, TritonModel) and model.sequence_batching is not None:
        update["dynamic_batching"] = None
    return model.model_copy(update=update)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(configurations())
def test_what_is_written_is_read_as_the_same_and_written_the_same(model: TritonModel | TritonEnsemble) -> None:
    text = config_pbtxt(model)
    again = read_config_pbtxt(text)
    assert again == model
    assert config_pbtxt(again) == text

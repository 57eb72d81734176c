from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from seldon_infra.servers.spec import DynamicBatching, InstanceGroup, Tensor, TritonModel
from seldon_infra.servers.triton import config_pbtxt

X, Y = Tensor(name="x", dtype="FP32", dims=(3,)), Tensor(name="y", dtype="INT64", dims=(1,))


def test_a_small_model() -> None:
    assert config_pbtxt(TritonModel(inputs=(X,), outputs=(Y,)), "node") == (
        'name: "node"\n'
        'backend: "python"\n'
        "max_batch_size: 0\n"
        "version_policy { specific { versions: [1] } }\n"
        "input {\n"
        '  name: "x"\n'
        "  data_type: TYPE_FP32\n"
        "  dims: [3]\n"
        "}\n"
        "output {\n"
        '  name: "y"\n'
        "  data_type: TYPE_INT64\n"
        "  dims: [1]\n"
        "}\n"
    )


def test_every_setting_has_its_place() -> None:
    model = TritonModel(
        name="other",
        backend="onnxruntime",
        max_batch_size=8,
        inputs=(Tensor(name="text", dtype="BYTES", dims=(-1,), optional=True),),
        outputs=(Tensor(name="y", dtype="BOOL", dims=(1,), reshape=()),),
        instance_groups=(InstanceGroup(kind="GPU", count=2, gpus=(0, 1)),),
        dynamic_batching=DynamicBatching(
            preferred_batch_sizes=(4, 8), max_queue_delay_microseconds=100, preserve_ordering=True
        ),
        parameters={"threshold": "0.5"},
        default_model_filename="net.onnx",
        version=3,
    )
    lines = [line.strip() for line in config_pbtxt(model, "node").splitlines()]
    for line in (
        'name: "other"',
        'backend: "onnxruntime"',
        "max_batch_size: 8",
        "version_policy { specific { versions: [3] } }",
        'default_model_filename: "net.onnx"',
        "data_type: TYPE_STRING",
        "optional: true",
        "reshape { shape: [] }",
        "kind: KIND_GPU",
        "count: 2",
        "gpus: [0, 1]",
        "preferred_batch_size: [4, 8]",
        "max_queue_delay_microseconds: 100",
        "preserve_ordering: true",
        'parameters { key: "threshold" value { string_value: "0.5" } }',
    ):
        assert line in lines


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_no_text_ends_its_quotes(text: str) -> None:
    model = TritonModel(inputs=(X,), outputs=(Y,), parameters={"key": text})
    (line,) = [line for line in config_pbtxt(model, "node").split("\n") if line.startswith("parameters")]
    quoted = line.partition("string_value: ")[2].removesuffix(" } }")
    assert quoted.startswith('"')
    assert quoted.endswith('"')
    assert '"' not in quoted[1:-1].replace("\\\\", "").replace('\\"', "")

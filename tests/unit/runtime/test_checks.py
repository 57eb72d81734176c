from __future__ import annotations

import base64
from typing import Any

import grpc
import orjson
import pytest

from seldon_infra.runtime.messages import message
from seldon_infra.runtime.orchestrator.checks import check_meta, check_seldon, check_v2, to_json
from seldon_infra.runtime.orchestrator.failures import Failure
from seldon_infra.runtime.orchestrator.seldon_grpc import check_seldon_message
from seldon_infra.runtime.orchestrator.v2_grpc import check_v2_message

BIG = 2**60
DIMENSIONS = "at most 32 sizes"
EMPTY = "sizes beside a 0"


def tensor(shape: Any, data: list[Any], datatype: str = "FP64", **more: Any) -> dict[str, Any]:
    return {"inputs": [{"name": "x", "shape": shape, "datatype": datatype, "data": data}], **more}


def seldon_tensor(shape: Any, values: list[Any]) -> dict[str, Any]:
    return {"data": {"tensor": {"shape": shape, "values": values}}}


SHAPES = [
    # shape, elements, words
    ([BIG] * 300, 1, DIMENSIONS),
    ([1] * 30_000, 1, DIMENSIONS),
    ([2**63], 1, "below 2^63"),
    ([2**31], 1, "its data has 1"),
    ([BIG] * 32, 1, "its data has 1"),
    ([0, 2**31], 0, EMPTY),
    ([2**10, 0, 2**11], 0, EMPTY),
    ([-1], 1, "sizes from 0 up"),
    ([True], 1, "sizes from 0 up"),
    (["1"], 1, "sizes from 0 up"),
    ("1", 1, "must be a list"),
    (None, 1, "must be a list"),
]


@pytest.mark.parametrize(("shape", "count", "words"), SHAPES, ids=[f"{str(row[0])[:20]} {row[2]}" for row in SHAPES])
def test_a_shape_that_its_data_cannot_fill_is_refused_over_rest(shape: Any, count: int, words: str) -> None:
    for check, tree in ((check_v2, tensor(shape, [1.0] * count)), (check_seldon, seldon_tensor(shape, [1.0] * count))):
        with pytest.raises(Failure, match=words.replace("^", r"\^")) as failure:
            check(tree)
        assert failure.value.status == 400


@pytest.mark.parametrize(
    ("shape", "count", "words"),
    [row for row in SHAPES if isinstance(row[0], list) and all(type(size) is int and size < 2**63 for size in row[0])],
    ids=lambda value: str(value)[:20],
)
def test_a_shape_that_its_data_cannot_fill_is_refused_over_grpc(shape: list[int], count: int, words: str) -> None:
    infer = message("inference.ModelInferRequest")
    described = {"name": "x", "datatype": "FP64", "shape": shape}
    typed = infer(inputs=[{**described, "contents": {"fp64_contents": [1.0] * count}}])
    raw = infer(inputs=[described], raw_input_contents=[bytes(8 * count)])
    for sent in (typed, raw):
        with pytest.raises(Failure, match=words):
            check_v2_message(sent)
    if all(size < 2**31 for size in shape):
        with pytest.raises(Failure, match=words):
            check_seldon_message(
                message("seldon.protos.SeldonMessage")(data=seldon_tensor(shape, [1.0] * count)["data"])
            )


@pytest.mark.parametrize(("shape", "count"), [([], 1), ([0], 0), ([0, 64], 0), ([2, 3], 6), ([1] * 32, 1)])
def test_a_shape_that_fits_its_data_passes(shape: list[int], count: int) -> None:
    check_v2(tensor(shape, [1.0] * count))
    check_seldon(seldon_tensor(shape, [1.0] * count))
    check_seldon_message(message("seldon.protos.SeldonMessage")(data=seldon_tensor(shape, [1.0] * count)["data"]))


def test_raw_bytes_must_be_enough_for_their_shape() -> None:
    described = {"name": "x", "datatype": "BYTES", "shape": [2]}
    sent = message("inference.ModelInferRequest")(inputs=[described], raw_input_contents=[b"\0\0\0\0"])
    with pytest.raises(Failure, match="shape 2 needs at least 8 bytes, there are 4"):
        check_v2_message(sent)


@pytest.mark.parametrize(
    ("datatype", "data"),
    [("UINT8", [300]), ("UINT8", [-1]), ("INT8", [128]), ("INT16", [2**15]), ("UINT32", [2**32]), ("BOOL", [2])],
)
def test_a_number_that_its_datatype_cannot_hold_is_refused(datatype: str, data: list[int]) -> None:
    with pytest.raises(Failure, match=f"datatype {datatype} holds .* to .*, its data has {data[0]}"):
        check_v2(tensor([1], data, datatype))


@pytest.mark.parametrize(("datatype", "field"), [("UINT8", "uint_contents"), ("INT8", "int_contents")])
def test_a_number_that_its_datatype_cannot_hold_is_refused_over_grpc(datatype: str, field: str) -> None:
    described = {"name": "x", "datatype": datatype, "shape": [1], "contents": {field: [300]}}
    with pytest.raises(Failure, match=f"datatype {datatype} holds"):
        check_v2_message(message("inference.ModelInferRequest")(inputs=[described]))


@pytest.mark.parametrize("id_", [5, {"a": 1}, "", "é", "a\r\nX-Evil: 1", "a\0b", "x" * 257, " "])
def test_an_id_must_be_what_a_header_can_hold(id_: Any) -> None:
    with pytest.raises(Failure, match="'id' must be 1 to 256 printable ASCII characters without blanks"):
        check_v2(tensor([1], [1.0], id=id_))
    if isinstance(id_, str) and id_:
        described = {"name": "x", "datatype": "FP64", "shape": [1], "contents": {"fp64_contents": [1.0]}}
        with pytest.raises(Failure, match="'id' must be"):
            check_v2_message(message("inference.ModelInferRequest")(inputs=[described], id=id_))


@pytest.mark.parametrize("outputs", [5, "predict", {}, [5], [{}], [{"name": 1}], [{"name": "a", "parameters": 1}]])
def test_outputs_must_be_named(outputs: Any) -> None:
    with pytest.raises(Failure, match=r"'outputs'|outputs\[0\]"):
        check_v2(tensor([1], [1.0], outputs=outputs))


SELDON: list[tuple[Any, str]] = [
    ({"strData": 1}, "'strData' must be text, not a number"),
    ({"binData": 1}, "'binData' must be text, not a number"),
    ({"binData": "abc"}, "'binData' must be base64"),
    ({"binData": "YW-_"}, "'binData' must be base64"),
    ({"customData": "x"}, "'customData' must be an object, not text"),
    ({"data": {"tftensor": "x"}}, "'data.tftensor' must be an object, not text"),
    ({"data": {"tftensor": []}}, "'data.tftensor' must be an object, not a list"),
    ({"data": {"ndarray": [[1]], "names": "a"}}, "'data.names' must be a list of texts"),
    ({"data": {"ndarray": [[1]], "names": [1]}}, "'data.names' must be a list of texts"),
]


@pytest.mark.parametrize(("tree", "words"), SELDON)
def test_a_seldon_message_that_is_none_is_refused(tree: Any, words: str) -> None:
    with pytest.raises(Failure, match=words):
        check_seldon(tree)


@pytest.mark.parametrize(
    "tree",
    [
        {"strData": ""},
        {"binData": base64.b64encode(b"\xff\xfe\xfd").decode()},
        {"jsonData": [1, None]},
        {"jsonData": False},
        {"data": {"ndarray": [[1]], "names": None}},
        {"data": {"ndarray": [[1], [2, 3]], "names": ["a"]}},
        {"data": {"tftensor": {"dtype": "DT_FLOAT"}}},
        {"customData": {"@type": "x"}},
    ],
)
def test_every_kind_of_payload_passes(tree: Any) -> None:
    check_seldon(tree)


META: list[tuple[Any, str]] = [
    ([], "'meta' must be an object, not a list"),
    ("x", "'meta' must be an object, not text"),
    ({"tags": []}, "'meta.tags' must be an object, not a list"),
    ({"tags": "x"}, "'meta.tags' must be an object, not text"),
    ({"tags": 5}, "'meta.tags' must be an object, not a number"),
    ({"puid": 5}, "'meta.puid' must be text, not a number"),
    ({"puid": {}}, "'meta.puid' must be text, not an object"),
    ({"puid": False}, "'meta.puid' must be text, not a truth value"),
]


@pytest.mark.parametrize(("meta", "words"), META)
def test_meta_must_be_what_its_fields_are(meta: Any, words: str) -> None:
    with pytest.raises(Failure, match=words):
        check_meta(meta)


@pytest.mark.parametrize("meta", [None, {}, {"tags": None, "puid": None}, {"tags": {"a": [1]}, "puid": "x", "more": 1}])
def test_meta_may_lack_anything(meta: Any) -> None:
    assert check_meta(meta) == (meta or {})


def test_what_is_nested_too_deeply_for_json_is_refused() -> None:
    tree = orjson.loads(b"[" * 300 + b"]" * 300)
    with pytest.raises(Failure, match="nested too deeply"):
        to_json({"data": {"ndarray": tree}})


GRPC_SELDON: list[tuple[dict[str, Any], str]] = [
    ({}, "the message must have one of data"),
    ({"data": {}}, "'data' must have one of tensor, ndarray, tftensor; it has none"),
    ({"data": {"tensor": {"shape": [1, 3], "values": [1.0]}}}, "shape 1x3 needs 3 elements, its data has 1"),
    ({"data": {"tensor": {"shape": [-1], "values": [1.0]}}}, "sizes from 0 up"),
    ({"data": {"tensor": {"shape": [0, 2**30], "values": []}}}, EMPTY),
]


@pytest.mark.parametrize(("fields", "words"), GRPC_SELDON)
def test_a_seldon_message_over_grpc_is_held_against_its_shape(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(Failure, match=words):
        check_seldon_message(message("seldon.protos.SeldonMessage")(**fields))


@pytest.mark.parametrize("tree", [tensor([1] * 2, [1.0] * 2), tensor([1], [1.0], "F" * 50_000)])
def test_a_long_name_leaves_room_for_what_is_wrong_with_it(tree: Any) -> None:
    tree["inputs"][0]["name"] = "x" * 50_000
    with pytest.raises(
        Failure, match=r"^input 'x{100}…': (shape 1x1 needs 1|'datatype' is 'F{99}…, must be one of BOOL)"
    ):
        check_v2(tree)


def test_a_failure_is_short_enough_for_the_metadata_of_an_answer() -> None:
    failure = Failure(400, "\N{SMILING FACE WITH OPEN MOUTH}" * 50_000, "node")
    assert failure.code is grpc.StatusCode.INVALID_ARGUMENT
    assert failure.text.startswith("node 'node': ")
    # gRPC percent-encodes each byte of what is not ASCII, and refuses metadata of more than 8 KiB.
    assert len(failure.text.encode()) * 3 < 8000
    assert orjson.loads(failure.body())["error"] == failure.text

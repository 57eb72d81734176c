"""Clients of a deployment behind the local gateway, over REST and gRPC, for `predict` and `verify`."""

from __future__ import annotations

import http.client
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol

import grpc

from seldon_infra.cli.local_stack import Sample
from seldon_infra.cli.tensorflow import first_output, tensorflow_message, tensorflow_tree
from seldon_infra.core.errors import SeldonInfraError
from seldon_infra.ingress.render.envoy import PREDICTOR_HEADER
from seldon_infra.ingress.routes import Route
from seldon_infra.runtime.messages import CONTENTS, message

ASK_SECONDS = 60.0
"""How long to wait for one answer."""
FEEDBACK_PATH = "/api/v1.0/feedback"
_METHODS = {
    "seldon": ("seldon.protos.Seldon/Predict", "seldon.protos.SeldonMessage"),
    "v2": ("inference.GRPCInferenceService/ModelInfer", "inference.ModelInferResponse"),
    "tensorflow": ("tensorflow.serving.PredictionService/Predict", "tensorflow.serving.PredictResponse"),
}
"""The method that predicts, and its answer's message."""


class NotAnswered(SeldonInfraError):
    """A request got no prediction."""


@dataclass(frozen=True)
class Prediction:
    """What came back."""

    predictor: str
    """The predictor that answered."""
    tree: Mapping[str, Any]
    """The answer, in the shape of the REST protocol."""

    def labels(self) -> list[float | str]:
        """One value per row; of several numbers in a row, such as probabilities of classes, the largest one's index."""
        found = self.tree.get("outputs", self.tree.get("predictions"))
        if found is not None and not _is_v2(found):
            return [_label(row) for row in first_output(found)]
        output = found[0] if found else None
        if output is None:
            return [_label(row) for row in _seldon_rows(self.tree.get("data") or {})]
        width = math.prod(output["shape"][1:])
        data = output["data"]
        return [_label(data[start : start + width]) for start in range(0, len(data), max(width, 1))]


class Client(Protocol):
    """Something that a deployment can be asked through."""

    name: str

    def ask(self, request: Mapping[str, Any]) -> Prediction:
        """Send one request, given in the shape of the REST protocol."""

    def tell(self, feedback: Mapping[str, Any]) -> None:
        """Send feedback on an answer, on protocol seldon, given in the shape of the REST protocol."""

    def __enter__(self) -> Client:
        """Use it in a `with` statement."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connection."""


class RestClient:
    """Asks over REST, on one connection."""

    name = "REST"

    def __init__(self, port: int, route: Route) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ASK_SECONDS)
        self._prefix, self._path = route.prefix, route.prefix + rest_path(route)

    def ask(self, request: Mapping[str, Any]) -> Prediction:
        """Send one request.

        Raises:
            NotAnswered: nothing listens, or the answer is an error; its words are passed on.
        """
        headers, body = self._post(self._path, request)
        return Prediction(headers.get(PREDICTOR_HEADER, ""), json.loads(body))

    def tell(self, feedback: Mapping[str, Any]) -> None:
        """Send feedback. Raises as :meth:`ask` does."""
        self._post(self._prefix + FEEDBACK_PATH, feedback)

    def _post(self, path: str, tree: Mapping[str, Any]) -> tuple[http.client.HTTPMessage, bytes]:
        try:
            self._connection.request("POST", path, json.dumps(tree), {"Content-Type": "application/json"})
            answer = self._connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise NotAnswered(_nothing_answers(self._connection.port, error)) from None
        if answer.status != 200:
            raise NotAnswered(f"REST {answer.status}: {_words(body)}")
        return answer.headers, body

    def __enter__(self) -> RestClient:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()


class GrpcClient:
    """Asks over gRPC, on one channel."""

    name = "gRPC"

    def __init__(self, port: int, route: Route) -> None:
        self._port, self._route = port, route
        self._channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=(("grpc.enable_http_proxy", 0),))
        self._metadata = (("seldon", route.name), ("namespace", route.namespace))

    def ask(self, request: Mapping[str, Any]) -> Prediction:
        """Send one request.

        Raises:
            NotAnswered: nothing listens, or the answer is an error; its words are passed on.
        """
        protocol = self._route.protocol
        answer, metadata = self._call(*_METHODS[protocol], _message_of(request, protocol, self._route.models[0]))
        return Prediction(str(metadata.get(PREDICTOR_HEADER, "")), _tree_of(answer, protocol))

    def tell(self, feedback: Mapping[str, Any]) -> None:
        """Send feedback. Raises as :meth:`ask` does."""
        sent = _parsed(feedback, "seldon.protos.Feedback")
        self._call("seldon.protos.Seldon/SendFeedback", "seldon.protos.SeldonMessage", sent)

    def _call(self, method: str, kind: str, sent: Any) -> tuple[Any, Mapping[str, Any]]:
        call: Any = self._channel.unary_unary(
            f"/{method}",
            request_serializer=lambda it: it.SerializeToString(),
            response_deserializer=message(kind).FromString,
        )
        try:
            answer, done = call.with_call(sent, timeout=ASK_SECONDS, metadata=self._metadata)
        except grpc.RpcError as error:
            if error.code() is grpc.StatusCode.UNAVAILABLE:
                raise NotAnswered(_nothing_answers(self._port, error.details())) from None
            raise NotAnswered(f"gRPC {error.code().name}: {error.details()}") from None
        return answer, dict(done.initial_metadata())

    def __enter__(self) -> GrpcClient:
        return self

    def __exit__(self, *_: object) -> None:
        self._channel.close()


CLIENTS: Mapping[str, Callable[[int, Route], Client]] = {"rest": RestClient, "grpc": GrpcClient}
"""Clients by transport."""


def rest_path(route: Route) -> str:
    """Give the path of a prediction, below a deployment's prefix and on its servers alike."""
    model = route.models[0]
    paths = {
        "seldon": "/api/v1.0/predictions",
        "v2": f"/v2/models/{model}/infer",
        "tensorflow": f"/v1/models/{model}:predict",
    }
    return paths[route.protocol]


def request_of(sample: Sample, rows: Sequence[Sequence[float]], protocol: str) -> dict[str, Any]:
    """Make a request of some of a sample's rows, in the shape of the REST protocol."""
    if protocol == "seldon":
        return {"data": {"ndarray": [list(row) for row in rows]}}
    if protocol == "tensorflow":
        return {"inputs": {sample.input: [list(row) for row in rows]}}
    flat = [value for row in rows for value in row]
    shape = [len(rows), len(rows[0])]
    return {"inputs": [{"name": sample.input, "shape": shape, "datatype": sample.datatype, "data": flat}]}


def _is_v2(outputs: Any) -> bool:
    """Tell tensors of protocol v2 from rows."""
    return isinstance(outputs, list) and bool(outputs) and isinstance(outputs[0], dict) and "datatype" in outputs[0]


def _message_of(request: Mapping[str, Any], protocol: str, model: str) -> Any:
    if protocol == "tensorflow":
        try:
            return tensorflow_message(request, model)
        except ValueError as error:
            raise NotAnswered(f"the request is no request of protocol tensorflow: {error}") from None
    return _seldon_message(request) if protocol == "seldon" else _v2_message(request, model)


def _tree_of(answer: Any, protocol: str) -> dict[str, Any]:
    if protocol == "tensorflow":
        return tensorflow_tree(answer)
    return _seldon_tree(answer) if protocol == "seldon" else _v2_tree(answer)


def _label(row: Any) -> float | str:
    values = row if isinstance(row, list) else [row]
    if len(values) == 1:
        found: float | str = values[0]
        return found
    return max(range(len(values)), key=values.__getitem__)


def _seldon_rows(data: Mapping[str, Any]) -> list[Any]:
    if "tensor" not in data:
        return list(data.get("ndarray") or [])
    shape, values = data["tensor"]["shape"], data["tensor"]["values"]
    width = max(math.prod(shape[1:]), 1)
    return [values[start : start + width] for start in range(0, len(values), width)]


def _seldon_message(request: Mapping[str, Any]) -> Any:
    return _parsed(request, "seldon.protos.SeldonMessage")


def _parsed(tree: Mapping[str, Any], kind: str) -> Any:
    from google.protobuf import json_format

    try:
        return json_format.ParseDict(dict(tree), message(kind)())
    except json_format.ParseError as error:
        raise NotAnswered(f"the request is no {kind.rpartition('.')[2]}: {error}") from None


def _seldon_tree(answer: Any) -> dict[str, Any]:
    from google.protobuf import json_format

    return dict(json_format.MessageToDict(answer))


def _v2_message(request: Mapping[str, Any], model: str) -> Any:
    sent = message("inference.ModelInferRequest")(model_name=model, id=str(request.get("id", "")))
    try:
        for tensor in request["inputs"]:
            made = sent.inputs.add(name=tensor["name"], datatype=tensor["datatype"], shape=tensor["shape"])
            encoded = [value.encode() if isinstance(value, str) else value for value in tensor["data"]]
            getattr(made.contents, CONTENTS[tensor["datatype"]]).extend(encoded)
    except (KeyError, TypeError, ValueError) as error:
        raise NotAnswered(f"the request is no inference request of protocol v2: {error!r}") from None
    return sent


_STRUCT = {"BOOL": "?", "FP32": "f", "FP64": "d", "INT8": "b", "INT16": "h", "INT32": "i", "INT64": "q"}
_STRUCT |= {"UINT8": "B", "UINT16": "H", "UINT32": "I", "UINT64": "Q"}


def _v2_tree(answer: Any) -> dict[str, Any]:
    return {"model_name": answer.model_name, "id": answer.id, "outputs": list(_v2_outputs(answer))}


def _v2_outputs(answer: Any) -> Any:
    import struct

    raw = answer.raw_output_contents
    for index, tensor in enumerate(answer.outputs):
        if raw and tensor.datatype in _STRUCT:
            code = _STRUCT[tensor.datatype]
            data = list(struct.unpack(f"<{len(raw[index]) // struct.calcsize('<' + code)}{code}", raw[index]))
        else:
            data = list(getattr(tensor.contents, CONTENTS[tensor.datatype]))
        yield {"name": tensor.name, "datatype": tensor.datatype, "shape": list(tensor.shape), "data": data}


def _words(body: bytes) -> str:
    try:
        tree = json.loads(body)
    except ValueError:
        return body.decode("utf-8", "replace").strip()[:500]
    found = tree.get("error") if isinstance(tree, dict) else None
    return str(found or tree)


def _nothing_answers(port: int, error: object) -> str:
    return f"no answer from 127.0.0.1:{port}: {error}; `seldon-infra status` says what runs"

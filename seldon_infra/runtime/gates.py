"""Gates of a rollout: what is new, asked directly, and what its orchestrator has counted."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from seldon_infra.core.problems import ARROW
from seldon_infra.runtime.asking import ASK_SECONDS, Away, GateFailed, ask
from seldon_infra.runtime.orchestrator import kept

ROWS = 50
"""Rows in a request of a labelled set."""
METRICS = "/prometheus"
"""Where an orchestrator says what it has counted."""
_FAILED = frozenset({"Unknown", "Internal", "Unavailable", "DeadlineExceeded", "DataLoss", "Unimplemented"})
_SERIES = "seldon_api_executor_server_requests_seconds"


@dataclass(frozen=True)
class Version:
    """A predictor as it can be asked directly."""

    name: str
    rest: str
    grpc: str
    protocol: str
    model: str
    transports: Sequence[str]
    """Over which it is asked."""
    deployment: str
    """Name of the deployment that it is a predictor of."""

    @property
    def title(self) -> str:
        """What messages call it."""
        return f"SeldonDeployment '{self.deployment}'{ARROW}predictor '{self.name}'"

    @property
    def predictions(self) -> str:
        """The path at which it takes predictions over REST."""
        of_model = {"tensorflow": f"/v1/models/{self.model}:predict", "v2": f"/v2/models/{self.model}/infer"}
        return of_model.get(self.protocol, "/api/v1.0/predictions")

    def settled(self) -> Version:
        """The same, ready for many questions in a row.

        Raises:
            Away: it is not ready.
        """
        paths = {"tensorflow": f"/v1/models/{self.model}", "v2": "/v2/health/ready"}
        try:
            self.http("GET", paths.get(self.protocol, "/ready"))
        except GateFailed as unready:
            raise Away(str(unready)) from None
        return self

    def http(self, method: str, path: str, tree: Mapping[str, Any] | None = None) -> bytes:
        """Ask it over REST.

        Raises:
            Away: nothing listens where it is, or what does goes, or misses a node.
            GateFailed: it does not answer, or not with status 200.
        """
        return ask(self.title, self.rest, method, path, None if tree is None else json.dumps(tree).encode())

    @contextmanager
    def over_grpc(self) -> Iterator[str]:
        """Give the address at which it answers gRPC, inside the block."""
        yield self.grpc

    def exchanges(self, key: str) -> bytes:
        """Take the requests that it has answered since the last time; it fails as :meth:`http` does."""
        return ask(self.title, self.rest, "POST", kept.PATH, b"", {kept.KEY.decode(): key})

    def copied(self, path: str, body: str) -> bytes:
        """Send it a copy of a request, of which no payload log takes notice; it fails as :meth:`http` does."""
        headers = {"Seldon-Skip-Logging": "true", kept.COPY.decode(): "true"}
        return ask(self.title, self.rest, "POST", path, body.encode(), headers)

    def metrics(self) -> Mapping[str, str]:
        """What its orchestrators have counted, by each one's name.

        Raises:
            Away: none is there.
            GateFailed: one does not answer.
        """
        return {self.rest: self.http("GET", METRICS).decode()}


@dataclass
class Counts:
    """Predictions that an orchestrator has answered."""

    answered: float = 0.0
    failed: float = 0.0
    below: dict[float, float] = field(default_factory=dict)

    def since(self, before: Counts) -> Counts:
        """What came since; an orchestrator that began anew has counted from nothing."""
        if self.answered < before.answered:
            return self
        below = {bound: count - before.below.get(bound, 0.0) for bound, count in self.below.items()}
        return Counts(self.answered - before.answered, self.failed - before.failed, below)

    def __add__(self, other: Counts) -> Counts:
        bounds = self.below.keys() | other.below.keys()
        below = {bound: self.below.get(bound, 0.0) + other.below.get(bound, 0.0) for bound in bounds}
        return Counts(self.answered + other.answered, self.failed + other.failed, below)


def ask_gate(gate: Mapping[str, Any], new: Version, old: Version | None) -> None:
    """Judge what is new by asking it; gates of counted requests say nothing here.

    Raises:
        Away: a version is not ready.
        GateFailed: the gate does not hold.
    """
    match gate["kind"]:
        case "smoke":
            _smoke(gate, new)
        case "accuracy":
            _accuracy(gate, new)
        case "difference" if old is not None:
            _difference(gate, new, old)


def judge_counts(gate: Mapping[str, Any], counts: Counts) -> str | None:
    """Judge what is new by its requests; the text says what is missing yet, None that the gate holds.

    Raises:
        GateFailed: it does not hold.
    """
    if gate["kind"] not in ("errors", "latency"):
        return None
    if counts.answered < gate["min_requests"]:
        return f"{gate['kind']} gate has had {counts.answered:g} of {gate['min_requests']} requests"
    if gate["kind"] == "errors":
        share = counts.failed / counts.answered
        if share > gate["at_most"]:
            raise GateFailed(
                f"{100 * share:.3g} % of {counts.answered:g} requests failed, at most {_percent(gate)} may"
            )
        return None
    seconds = gate["at_most_seconds"]
    # A bound that lies above the limit says nothing of it: what is counted is surely as fast.
    fast = max((count for bound, count in counts.below.items() if bound <= seconds * (1 + 1e-9)), default=0.0)
    if fast < gate["quantile"] * counts.answered:
        slow = 100 * (1 - fast / counts.answered)
        raise GateFailed(
            f"{slow:.3g} % of {counts.answered:g} requests took longer than {seconds:g} s, "
            f"at most {100 * (1 - gate['quantile']):.3g} % may"
        )
    return None


def read_counts(version: Version) -> dict[str, Counts]:
    """Read what the version's orchestrators have counted of predictions, by each one's name.

    Raises:
        Away: none is there.
        GateFailed: one does not answer.
    """
    return {name: _counts(text) for name, text in version.metrics().items()}


def counted_since(now: Mapping[str, Counts], before: Mapping[str, Counts]) -> Counts:
    """Give what all orchestrators together have counted since; one that came meanwhile has counted from nothing."""
    return sum((counts.since(before.get(name, Counts())) for name, counts in now.items()), Counts())


def _counts(text: str) -> Counts:
    from prometheus_client.parser import text_string_to_metric_families

    counts = Counts()
    for family in text_string_to_metric_families(text):
        for sample in family.samples if family.name == _SERIES else ():
            if "feedback" in sample.labels.get("service", "").lower():
                continue
            if sample.name.endswith("_count"):
                code = sample.labels.get("code", "")
                counts.answered += sample.value
                counts.failed += sample.value if code in _FAILED or code.startswith("5") else 0.0
            elif sample.name.endswith("_bucket"):
                bound = float(sample.labels["le"])
                counts.below[bound] = counts.below.get(bound, 0.0) + sample.value
    return counts


def _smoke(gate: Mapping[str, Any], new: Version) -> None:
    data = _read(gate["data"])
    rows, new = data["rows"][: gate["rows"]], new.settled()
    asks = {"rest": _over_rest, "grpc": _over_grpc}
    for transport in new.transports:
        said = asks[transport](new, data, rows)
        if len(said) != len(rows):
            raise GateFailed(f"{len(rows)} rows over {transport} got {len(said)} answers")
        if any(isinstance(value, float) and not math.isfinite(value) for value in said):
            raise GateFailed(f"an answer over {transport} is no finite number")


def _accuracy(gate: Mapping[str, Any], new: Version) -> None:
    data = _read(gate["data"])
    said = _all(new.settled(), data)
    right = sum(one == other for one, other in zip(said, data["labels"], strict=False)) / max(len(data["rows"]), 1)
    if right < gate["at_least"]:
        raise GateFailed(f"accuracy {right:.3f} on {gate['data']}, must be at least {gate['at_least']:g}")


def _difference(gate: Mapping[str, Any], new: Version, old: Version) -> None:
    data = _read(gate["data"])
    pairs = list(zip(_all(new.settled(), data), _all(old.settled(), data), strict=True))
    differs = sum(one != other for one, other in pairs) / max(len(pairs), 1)
    if differs > gate["at_most"]:
        raise GateFailed(f"of {len(pairs)} rows {100 * differs:.3g} % get another answer, at most {_percent(gate)} may")


def _all(version: Version, data: Mapping[str, Any]) -> list[Any]:
    rows = data["rows"]
    over = _over_grpc if tuple(version.transports) == ("grpc",) else _over_rest
    return [said for start in range(0, len(rows), ROWS) for said in over(version, data, rows[start : start + ROWS])]


def _over_rest(version: Version, data: Mapping[str, Any], rows: Sequence[Sequence[float]]) -> list[Any]:
    if version.protocol == "seldon":
        return said_in("seldon", _json(version, {"data": {"ndarray": rows}}))
    if version.protocol == "tensorflow":
        return said_in("tensorflow", _json(version, {"instances": rows}))
    flat = [value for row in rows for value in row]
    tensor = {"name": data["input"], "shape": [len(rows), len(rows[0])], "datatype": data["datatype"], "data": flat}
    return said_in("v2", _json(version, {"inputs": [tensor]}))


def said_in(protocol: str, answer: Mapping[str, Any]) -> list[Any]:
    """What an answer says, a value for each row; nothing where it holds no rows of numbers."""
    if protocol == "seldon":
        found = answer.get("data") or {}
        return [_label(row) for row in found.get("ndarray") or _shaped(found.get("tensor", {}))]
    if protocol == "tensorflow":
        return [_label(row) for row in answer.get("predictions", [])]
    outputs = answer.get("outputs") or [{}]
    return [_label(row) for row in _shaped({"shape": outputs[0].get("shape"), "values": outputs[0].get("data")})]


def _over_grpc(version: Version, data: Mapping[str, Any], rows: Sequence[Sequence[float]]) -> list[Any]:
    import grpc

    with version.over_grpc() as address:
        try:
            return _triton(version, address, data, rows) if version.protocol == "v2" else _seldon(address, rows)
        except grpc.RpcError as error:
            raise _unanswered(version, str(error.code()), error.details() or "") from None
        except ValueError as error:
            raise _unanswered(version, "", str(error)) from None


def _unanswered(version: Version, status: str, said: str) -> GateFailed:
    """Tell a version, or a node of it, that is not there from one that answers wrongly."""
    failed = Away if status == "StatusCode.UNAVAILABLE" else GateFailed
    what = f"{status.removeprefix('StatusCode.')} {said}".strip()
    return failed(f"{version.title} does not answer over gRPC: {what[:300]}")


def _triton(version: Version, address: str, data: Mapping[str, Any], rows: Sequence[Sequence[float]]) -> list[Any]:
    import numpy
    import tritonclient.grpc as triton
    from tritonclient.utils import InferenceServerException, triton_to_np_dtype

    values = numpy.array(rows, dtype=triton_to_np_dtype(data["datatype"]))
    tensor = triton.InferInput(data["input"], list(values.shape), data["datatype"])
    tensor.set_data_from_numpy(values)
    try:
        with triton.InferenceServerClient(address) as client:
            answer = client.infer(version.model, [tensor], client_timeout=ASK_SECONDS)
            (output, *_) = answer.get_response().outputs
            return [_label(row) for row in answer.as_numpy(output.name).tolist()]
    except InferenceServerException as error:
        raise _unanswered(version, error.status() or "", error.message() or "") from None


def _seldon(address: str, rows: Sequence[Sequence[float]]) -> list[Any]:
    import grpc
    from google.protobuf import json_format

    from seldon_infra.runtime.messages import message

    request = json_format.ParseDict({"data": {"ndarray": rows}}, message("seldon.protos.SeldonMessage")())
    with grpc.insecure_channel(address) as channel:
        predict: Any = channel.unary_unary("/seldon.protos.Seldon/Predict")
        answer = message("seldon.protos.SeldonMessage").FromString(
            predict(request.SerializeToString(), timeout=ASK_SECONDS)
        )
    found = json_format.MessageToDict(answer).get("data", {})
    return [_label(row) for row in found.get("ndarray") or _shaped(found.get("tensor", {}))]


def _shaped(tensor: Mapping[str, Any]) -> list[Any]:
    shape, values = tensor.get("shape") or [0], tensor.get("values") or []
    width = max(math.prod(shape[1:]), 1)
    return [values[start : start + width] for start in range(0, len(values), width)]


def _label(row: Any) -> Any:
    """One value for a row: itself, or of several numbers the largest one's place."""
    while isinstance(row, list) and len(row) == 1:
        row = row[0]
    return row.index(max(row)) if isinstance(row, list) and row else row


def _read(file: str) -> Mapping[str, Any]:
    try:
        found: Mapping[str, Any] = json.loads(Path(file).read_text(encoding="utf-8"))
        if not all(name in found for name in ("input", "datatype", "rows", "labels")) or not found["rows"]:
            raise GateFailed(f"{file} must hold input, datatype, rows and labels, with at least one row")
    except (OSError, ValueError) as error:
        raise GateFailed(f"{file} cannot be read: {error}") from None
    return found


def _json(version: Version, tree: Mapping[str, Any]) -> dict[str, Any]:
    answer = version.http("POST", version.predictions, tree)
    try:
        found = json.loads(answer)
    except ValueError:
        raise GateFailed(f"{version.title} answered over REST what is no JSON") from None
    return found if isinstance(found, dict) else {}


def _percent(gate: Mapping[str, Any]) -> str:
    return f"{100 * gate['at_most']:.3g} %"

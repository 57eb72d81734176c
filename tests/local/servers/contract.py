"""What a test needs to know of a model server to hold it to the contract of all of them: a sample, and its protocol.

A sample is a tiny model in two versions, rows to ask it, and what each version answers. How rows become requests and
answers become numbers is the protocol's matter, a :class:`Wire`.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from seldon_infra.runtime.messages import CONTENTS, message
from seldon_infra.servers import catalogue

NAMESPACE = "ns"
MAKE_SECONDS = 600
"""It only says that a script hangs: some import for half a minute on a machine that is busy."""
Rows = Sequence[Any]


@dataclass(frozen=True)
class Sample:
    """A tiny model of one server of the catalogue."""

    name: str
    """Name of its deployment and its node; with ``_`` for ``-`` it is also the name of its folder."""
    catalogue: str
    """Folder of ``servers/``."""
    server: str
    """The typed server as it stands in a definition's source: ``XGBoostServer()``."""
    make: Callable[[Path, int], None]
    """Writes version 1 or 2 of the model, or of the user's class, into a folder that is there."""
    answers: Mapping[int, Sequence[Any]]
    """What version 1 and what version 2 answer to ``rows``, as the wire or ``read`` gives it."""
    rows: Rows = ((1.0, 2.0, 3.0), (7.0, 8.0, 9.0))
    """Two rows or more; each a list of numbers, or a text."""
    wrong: Rows = ((1.0,),)
    """Rows that the model cannot take, of whatever shape the request makes of them."""
    large: int = 160_000
    """How often ``rows`` make a request that takes the server a while, and at least 4 MiB in JSON."""
    protocol: str = "v2"
    datatype: str = "FP32"
    """Type of the rows on protocol v2."""
    input: str = "x"
    """Name of the input."""
    node: str = ""
    """Further fields of the node as they stand in its source: ``, parameters=(…,)``; ``{folder}`` is the folder."""
    has_model: bool = True
    """Whether the folder is the node's ``model_uri``."""
    metric: str = ""
    """A metric that has counted once the server was asked; empty: that of MLServer."""
    read: Callable[[Sequence[Any]], Sequence[Any]] = list
    """Makes what is compared with ``answers`` of what the wire gives."""

    @property
    def folder(self) -> str:
        return self.name.replace("-", "_")

    def put(self, project: Path) -> None:
        """Write version 1 into its folder of a project, which is not there yet."""
        (project / self.folder).mkdir()
        self.make(project / self.folder, 1)

    @property
    def definition(self) -> str:
        """Its deployment, as it stands in a stack's source."""
        uri = f", model_uri='{self.folder}'" if self.has_model else ""
        graph = f"Model(name='{self.name}', server={self.server}{uri}{self.node.format(folder=self.folder)})"
        return (
            f"SeldonDeployment(name='{self.name}', namespace='{NAMESPACE}', protocol='{self.protocol}', "
            f"predictors=(Predictor(name='main', graph={graph}),))"
        )

    @property
    def prefix(self) -> str:
        """Where the gateway has it."""
        return f"/seldon/{NAMESPACE}/{self.name}"

    @property
    def process(self) -> str:
        """Name of its server's process."""
        return f"{self.name}.main.{self.name}"

    @property
    def wire(self) -> Wire:
        return WIRES[self.protocol]

    def many(self) -> Rows:
        """Rows that keep the server busy for a while."""
        return [*self.rows] * self.large


class Wire(Protocol):
    """How a protocol carries rows; paths are those of a server itself and of the gateway, behind its prefix."""

    def infer(self, sample: Sample) -> str:
        """Path of a prediction, asked of the server itself."""

    def gateway_infer(self, sample: Sample) -> str:
        """The same behind the gateway's prefix."""

    def ready(self, sample: Sample) -> str:
        """Path that answers 200 once the model can be asked, behind the gateway's prefix."""

    def metadata(self, sample: Sample) -> str:
        """Path of the model's metadata, behind the gateway's prefix."""

    def body(self, sample: Sample, rows: Rows) -> bytes:
        """A REST request."""

    def answer(self, body: bytes) -> list[Any]:
        """The numbers or texts of a REST answer, in one list."""

    def method(self) -> str:
        """The gRPC method of a prediction."""

    def message(self, sample: Sample, rows: Rows) -> bytes:
        """A gRPC request."""

    def answer_of_message(self, wire: bytes) -> list[Any]:
        """The numbers or texts of a gRPC answer, in one list."""


def flat(rows: Any) -> list[Any]:
    """Give the elements of lists of lists."""
    return [element for row in rows for element in flat(row)] if isinstance(rows, list | tuple) else [rows]


class V2:
    """The Open Inference Protocol."""

    def infer(self, sample: Sample) -> str:
        return f"/v2/models/{sample.name}/infer"

    gateway_infer = infer

    def ready(self, sample: Sample) -> str:
        return f"/v2/models/{sample.name}/ready"

    def metadata(self, sample: Sample) -> str:
        return f"/v2/models/{sample.name}"

    def _shape(self, rows: Rows) -> list[int]:
        return [len(rows), 1 if isinstance(rows[0], str) else len(rows[0])]

    def body(self, sample: Sample, rows: Rows) -> bytes:
        tensor = {"name": sample.input, "datatype": sample.datatype, "shape": self._shape(rows), "data": flat(rows)}
        return json.dumps({"inputs": [tensor]}).encode()

    def answer(self, body: bytes) -> list[Any]:
        return flat(json.loads(body)["outputs"][0]["data"])

    def method(self) -> str:
        return "inference.GRPCInferenceService/ModelInfer"

    def message(self, sample: Sample, rows: Rows) -> bytes:
        elements = [each.encode() if isinstance(each, str) else each for each in flat(rows)]
        tensor = {
            "name": sample.input,
            "datatype": sample.datatype,
            "shape": self._shape(rows),
            "contents": {CONTENTS[sample.datatype]: elements},
        }
        return bytes(
            message("inference.ModelInferRequest")(model_name=sample.name, inputs=[tensor]).SerializeToString()
        )

    def answer_of_message(self, wire: bytes) -> list[Any]:
        answer = message("inference.ModelInferResponse").FromString(wire)
        output = answer.outputs[0]
        if answer.raw_output_contents:
            import numpy as np

            kind = {"FP32": "<f4", "FP64": "<f8", "INT64": "<i8", "INT32": "<i4"}[output.datatype]
            return [float(each) for each in np.frombuffer(answer.raw_output_contents[0], kind)]
        return [
            each.decode() if isinstance(each, bytes) else each
            for each in getattr(output.contents, CONTENTS[output.datatype])
        ]


class Seldon:
    """Seldon's own protocol."""

    def infer(self, sample: Sample) -> str:
        return "/predict"

    def gateway_infer(self, sample: Sample) -> str:
        return "/api/v1.0/predictions"

    def ready(self, sample: Sample) -> str:
        return "/api/v1.0/health/status"

    def metadata(self, sample: Sample) -> str:
        return f"/api/v1.0/metadata/{sample.name}"

    def body(self, sample: Sample, rows: Rows) -> bytes:
        return json.dumps({"data": {"ndarray": [list(row) for row in rows]}}).encode()

    def answer(self, body: bytes) -> list[Any]:
        return flat(json.loads(body)["data"]["ndarray"])

    def method(self) -> str:
        return "seldon.protos.Seldon/Predict"

    def message(self, sample: Sample, rows: Rows) -> bytes:
        tensor = {"shape": [len(rows), len(rows[0])], "values": flat(rows)}
        return bytes(message("seldon.protos.SeldonMessage")(data={"tensor": tensor}).SerializeToString())

    def answer_of_message(self, wire: bytes) -> list[Any]:
        return list(message("seldon.protos.SeldonMessage").FromString(wire).data.tensor.values)


class TensorFlow:
    """TensorFlow Serving's protocol."""

    def infer(self, sample: Sample) -> str:
        return f"/v1/models/{sample.name}:predict"

    gateway_infer = infer

    def ready(self, sample: Sample) -> str:
        return f"/v1/models/{sample.name}"

    def metadata(self, sample: Sample) -> str:
        return f"/v1/models/{sample.name}/metadata"

    def body(self, sample: Sample, rows: Rows) -> bytes:
        return json.dumps({"instances": rows}).encode()

    def answer(self, body: bytes) -> list[Any]:
        return flat(json.loads(body)["predictions"])

    def method(self) -> str:
        return "tensorflow.serving.PredictionService/Predict"

    def message(self, sample: Sample, rows: Rows) -> bytes:
        shape = {"dim": [{"size": len(rows)}, {"size": len(rows[0])}]}
        tensor = {"dtype": 1, "tensor_shape": shape, "float_val": flat(rows)}
        asked = message("tensorflow.serving.PredictRequest")(model_spec={"name": sample.name})
        asked.inputs[sample.input].CopyFrom(message("tensorflow.serving.TensorProto")(**tensor))
        return bytes(asked.SerializeToString())

    def answer_of_message(self, wire: bytes) -> list[Any]:
        import numpy as np

        outputs = message("tensorflow.serving.PredictResponse").FromString(wire).outputs
        found = next(iter(outputs.values()))
        return list(found.float_val) or np.frombuffer(found.tensor_content, "<f4").tolist()


WIRES: dict[str, Wire] = {"v2": V2(), "seldon": Seldon(), "tensorflow": TensorFlow()}


def made_by(server: str, script: str, program: str = "python") -> Callable[[Path, int], None]:
    """Let a script of the server's own environment write the model: it finds ``folder`` and ``version``."""

    def make(folder: Path, version: int) -> None:
        python = catalogue.environment(catalogue.load(server)) / "bin" / program
        told = f"folder, version = {str(folder)!r}, {version}\n{script}"
        done = subprocess.run(
            [python, "-c", told], cwd=folder, capture_output=True, text=True, timeout=MAKE_SECONDS, check=False
        )
        assert done.returncode == 0, done.stderr

    return make

"""Runtimes for MLServer that the graphs of these tests are made of."""

import asyncio
from pathlib import Path

from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.errors import InferenceError
from mlserver.types import InferenceResponse


class Plus(MLModel):
    """Adds one and gives the sum and the number of rows."""

    async def predict(self, payload):
        numbers = NumpyCodec.decode_input(payload.inputs[0])
        if numbers.ndim != 2 or not numbers.size or numbers.dtype.kind not in "biuf":
            raise InferenceError("rows of numbers, please")
        if numbers.flat[0] == 1000:
            raise InferenceError("1000 is too much")
        outputs = [NumpyCodec.encode_output("sum", numbers + 1), NumpyCodec.encode_output("size", numbers.sum(axis=1))]
        asked = {output.name for output in payload.outputs or ()}
        chosen = [output for output in outputs if not asked or output.name in asked]
        return InferenceResponse(model_name=self.name, id=payload.id, outputs=chosen)


class Trusting(MLModel):
    """Gives back what it decodes, and looks at nothing itself; 1000 breaks it."""

    async def predict(self, payload):
        numbers = NumpyCodec.decode_input(payload.inputs[0])
        if numbers.flat[0] == 1000:
            raise KeyError("nothing")
        return InferenceResponse(model_name=self.name, outputs=[NumpyCodec.encode_output("same", numbers)])


class Slow(MLModel):
    """Takes longer than MLServer by itself gives an open call at TERM."""

    async def predict(self, payload):
        Path(self.settings.parameters.extra["mark"]).touch()
        await asyncio.sleep(8)
        return InferenceResponse(model_name=self.name, outputs=[])

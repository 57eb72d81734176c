"""Scales an image's pixels from 0..16 to 0..1; runs as a model server of its own before the classifier."""

import numpy as np
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.errors import InferenceError
from mlserver.types import InferenceRequest, InferenceResponse

PIXELS, BRIGHTEST = 64, 16.0


class Scale(MLModel):
    """Takes tensor ``pixels`` of shape [n, 64] and gives ``scaled`` of the same shape, as FP32."""

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        """Answer one request; what is no image is the client's error."""
        pixels = _pixels(payload)
        scaled = NumpyCodec.encode_output("scaled", (pixels / BRIGHTEST).astype(np.float32))
        return InferenceResponse(model_name=self.name, id=payload.id, outputs=[scaled])


def _pixels(payload: InferenceRequest) -> np.ndarray:
    if len(payload.inputs) != 1:
        raise InferenceError(f"{len(payload.inputs)} inputs, must be one: the pixels")
    tensor = payload.inputs[0]
    if tensor.datatype == "BYTES":
        raise InferenceError(f"input '{tensor.name}': datatype BYTES, must be a number's")
    if len(tensor.shape) != 2 or tensor.shape[1] != PIXELS:
        raise InferenceError(f"input '{tensor.name}': shape {list(tensor.shape)}, must be [n, {PIXELS}]")
    pixels = np.asarray(NumpyCodec.decode_input(tensor), dtype=np.float64)
    if not np.isfinite(pixels).all() or pixels.min(initial=0) < 0 or pixels.max(initial=0) > BRIGHTEST:
        raise InferenceError(f"input '{tensor.name}': pixels must be numbers from 0 to {BRIGHTEST:g}")
    return pixels

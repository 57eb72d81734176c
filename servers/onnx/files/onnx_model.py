"""A runtime of MLServer for ONNX models, on ONNX Runtime: tensors go by their names, as Triton takes them."""

import numpy as np
import onnxruntime
from mlserver import MLModel
from mlserver.codecs import NumpyCodec, StringCodec
from mlserver.errors import InferenceError
from mlserver.types import InferenceRequest, InferenceResponse, MetadataTensor
from mlserver.utils import get_model_uri
from onnxruntime.capi import onnxruntime_pybind11_state as failures
from refusing import Refusing

FILES = ["model.onnx"]
DATATYPES = {
    "tensor(bool)": "BOOL",
    **{f"tensor(int{bits})": f"INT{bits}" for bits in (8, 16, 32, 64)},
    **{f"tensor(uint{bits})": f"UINT{bits}" for bits in (8, 16, 32, 64)},
    **{"tensor(float16)": "FP16", "tensor(float)": "FP32", "tensor(double)": "FP64", "tensor(string)": "BYTES"},
}
"""Datatype of protocol v2 by ONNX Runtime's name of a type."""


class Runtime(MLModel):
    """A model that ONNX Runtime loads, on one core: further requests have the others."""

    async def load(self) -> bool:
        """Load the model and learn what it takes and gives."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        uri = await get_model_uri(self._settings, wellknown_filenames=FILES)
        self._session = onnxruntime.InferenceSession(uri, options, providers=["CPUExecutionProvider"])
        self.inputs = [described(tensor) for tensor in self._session.get_inputs()]
        # Maps and sequences, which some converters add for classifiers, are nothing that the protocol could carry.
        self.outputs = [described(tensor) for tensor in self._session.get_outputs() if tensor.type in DATATYPES]
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        """Answer a request, or say which of its tensors the model does not know."""
        taken, given = ([tensor.name for tensor in tensors] for tensors in (self.inputs, self.outputs))
        wanted = [tensor.name for tensor in payload.outputs or []] or given
        check_names("inputs", [tensor.name for tensor in payload.inputs], taken)
        check_names("outputs", wanted, given)
        found = self._session.run(wanted, {tensor.name: decoded(tensor) for tensor in payload.inputs})
        outputs = [encoded(name, array) for name, array in zip(wanted, found, strict=True)]
        return InferenceResponse(model_name=self.name, model_version=self.version, outputs=outputs)


class OnnxModel(Refusing, Runtime):
    """A model from ``model.onnx``, which answers 400 to an input of another type or shape."""

    refusals = (*Refusing.refusals, failures.InvalidArgument, failures.Fail, failures.RuntimeException)


def described(tensor):
    """Give what metadata say of a tensor; a size without a number is any."""
    shape = [size if isinstance(size, int) else -1 for size in tensor.shape]
    return MetadataTensor(name=tensor.name, datatype=DATATYPES[tensor.type], shape=shape)


def check_names(field, asked, there):
    """Refuse names that the model does not have."""
    unknown = [name for name in asked if name not in there]
    if unknown:
        raise InferenceError(f"'{field}': the model has no '{unknown[0][:100]}'; it has {', '.join(there)}")


def decoded(tensor):
    """Make an array of a request's tensor, with texts as ONNX Runtime takes them."""
    if getattr(tensor.datatype, "value", tensor.datatype) != "BYTES":
        return NumpyCodec.decode_input(tensor)
    return np.array(StringCodec.decode_input(tensor), dtype=object).reshape(tensor.shape)


def encoded(name, array):
    """Make an answer's tensor of an array."""
    if array.dtype.kind not in "OSU":
        return NumpyCodec.encode_output(name, array)
    output = StringCodec.encode_output(name, list(map(str, array.ravel())))
    output.shape = list(array.shape)
    return output

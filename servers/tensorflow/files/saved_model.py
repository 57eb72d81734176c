"""A SavedModel that answers: which version and signatures it has, what a request may hold, and what it gives."""

import base64
import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

MODEL_FILE = "saved_model.pb"
DEFAULT_SIGNATURE = "serving_default"
NOT_SERVED = "__saved_model_init_op"
"""Signature by which a SavedModel initialises itself."""
LARGEST_TENSOR_BYTES = 256 * 1024 * 1024
"""A message of a few bytes can stand for a tensor of any size: one value with a shape."""


class Refused(Exception):
    """A request that cannot be right."""


class NotServed(Exception):
    """A request for a model or a version that is not here."""


class Model:
    """One version of a SavedModel, loaded."""

    def __init__(self, name, folder, threads):
        self.name = name
        version = newest(folder)
        self.version = int(version.name)
        self.signature_defs = signature_defs(version)
        self._loaded = tf.saved_model.load(str(version))
        self._threads = ThreadPoolExecutor(threads)

    def signature(self, name):
        """Give a signature's function by its name, the default one without."""
        wanted = name or DEFAULT_SIGNATURE
        if wanted not in self._loaded.signatures or wanted == NOT_SERVED:
            known = ", ".join(sorted(self.signature_defs))
            raise Refused(f'Serving signature name: "{wanted}" not found in signature def; there are: {known}')
        return self._loaded.signatures[wanted]

    def require_version(self, version):
        """Refuse a version that is not the one that is served."""
        if version is not None and version != self.version:
            raise NotServed(f"Servable not found for request: Specific({self.name}, {version}); served: {self.version}")

    async def predict(self, loop, signature, tensors, wanted=()):
        """Run a signature in a thread of its own; give the outputs that are wanted, all without, as arrays by name."""
        unknown = sorted(set(wanted) - set(signature.structured_outputs))
        if unknown:
            raise Refused(f"output tensor alias not found in signature: {unknown[0]}")
        try:
            outputs = await loop.run_in_executor(self._threads, lambda: signature(**tensors))
        except tf.errors.InvalidArgumentError as error:
            raise Refused(error.message) from None
        return {name: tensor.numpy() for name, tensor in outputs.items() if not wanted or name in wanted}


def newest(folder):
    """Find the version with the highest number, as TensorFlow Serving does."""
    versions = [found for found in Path(folder).iterdir() if found.name.isdecimal() and (found / MODEL_FILE).is_file()]
    if not versions:
        raise SystemExit(f"model_uri holds no version folder with {MODEL_FILE}, such as 1/{MODEL_FILE}")
    return max(versions, key=lambda found: int(found.name))


def signature_defs(version):
    """Read what clients may call, by name."""
    saved = saved_model_pb2.SavedModel.FromString((version / MODEL_FILE).read_bytes())
    served = [graph for graph in saved.meta_graphs if "serve" in graph.meta_info_def.tags]
    found = {name: it for name, it in served[0].signature_def.items() if name != NOT_SERVED} if served else {}
    if not found:
        raise SystemExit(f"version {version.name} has no signature to serve; save it with signatures={{…}}")
    return found


def specs(signature):
    """Give a signature's inputs by name: type and shape."""
    return signature.structured_input_signature[1]


def arrays(signature, given, read):
    """Make a signature's inputs of what a request holds by name; ``read`` makes an array of one."""
    wanted = specs(signature)
    if set(given) != set(wanted):
        raise Refused(f"input keys {', '.join(sorted(given)) or 'none'}, must be {', '.join(sorted(wanted))}")
    return {name: _tensor(name, read(name, given[name], spec), spec) for name, spec in wanted.items()}


def _tensor(name, array, spec):
    if not spec.shape.is_compatible_with(array.shape):
        raise Refused(f"input '{name}' has shape {list(array.shape)}, must be {_shape(spec)}")
    return tf.constant(array, spec.dtype)


def _shape(spec):
    return [-1 if size is None else size for size in spec.shape] if spec.shape.rank is not None else "of any rank"


def of_values(name, values, spec):
    """Make an array of what stands in JSON."""
    kind = spec.dtype.as_numpy_dtype
    try:
        found = np.array(_decoded(values), None if spec.dtype == tf.string else _wide(kind))
        narrow = found if spec.dtype == tf.string else found.astype(kind)
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise Refused(f"input '{name}' is no tensor of {spec.dtype.name}: {error}") from None
    if spec.dtype == tf.string:
        return _texts(name, found)
    _require_kind(name, values, spec)
    if np.issubdtype(kind, np.integer) and not np.array_equal(narrow, found):
        raise Refused(f"input '{name}' holds numbers that are no {spec.dtype.name}")
    return narrow


def _wide(kind):
    """Read whole numbers as the widest ones, so that one that does not fit is seen."""
    if np.issubdtype(kind, np.unsignedinteger):
        return np.uint64
    return np.int64 if np.issubdtype(kind, np.integer) else kind


def _require_kind(name, values, spec):
    """Refuse what numpy would turn into a number or a boolean: a text, a number with a fraction."""
    allowed = (bool,) if spec.dtype == tf.bool else (int,) if spec.dtype.is_integer else (int, float)
    pending = [values]
    while pending:
        value = pending.pop()
        if isinstance(value, list):
            pending.extend(value)
        elif type(value) not in allowed:
            raise Refused(f"input '{name}' holds {str(value)[:40]!r}, must hold values of {spec.dtype.name}")


def _texts(name, found):
    flat = found.ravel().tolist()
    if not all(isinstance(value, (str, bytes)) for value in flat):
        raise Refused(f"input '{name}' must hold texts, or objects {{\"b64\": …}}")
    encoded = [value.encode() if isinstance(value, str) else value for value in flat]
    return np.array(encoded, object).reshape(found.shape)


def _decoded(value):
    """Put bytes in the place of ``{"b64": …}``."""
    if isinstance(value, list):
        return [_decoded(each) for each in value]
    if isinstance(value, dict):
        if set(value) != {"b64"} or not isinstance(value["b64"], str):
            raise ValueError('an object must be {"b64": …}')
        return base64.b64decode(value["b64"], validate=True)
    return value


def of_proto(name, proto, spec):
    """Make an array of a message."""
    if proto.dtype != spec.dtype.as_datatype_enum:
        raise Refused(
            f"input '{name}' has dtype {proto.dtype}, must have {spec.dtype.as_datatype_enum}, {spec.dtype.name}"
        )
    sizes = [dim.size for dim in proto.tensor_shape.dim]
    if min(sizes, default=0) < 0 or math.prod(sizes) * spec.dtype.size > LARGEST_TENSOR_BYTES:
        raise Refused(f"input '{name}' has shape {sizes[:32]}, must be one of at most {LARGEST_TENSOR_BYTES >> 20} MiB")
    try:
        return tf.make_ndarray(proto)
    except (ValueError, TypeError) as error:
        raise Refused(f"input '{name}' is no tensor: {error}") from None

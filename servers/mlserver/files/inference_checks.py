"""What can be wrong with a request that MLServer itself would only find out half-way, or not at all.

MLServer sends a request's id back in a header, makes any text a truth value, and reserves as many bytes for an element
of datatype BYTES as its shape says.
"""

import math
import re

from mlserver.errors import InferenceError
from mlserver.types import Datatype

ID = re.compile(r"[!-~]{1,256}")
MOST_SIZES = 32
LARGEST_EMPTY = 1 << 20
"""What a shape may come to beyond what there is data for."""
TEXTS, NUMBERS = (str, bytes), (int, float)
KINDS = {
    **{datatype.value: (int,) for datatype in Datatype},
    **{"BYTES": TEXTS, "FP16": NUMBERS, "FP32": NUMBERS, "FP64": NUMBERS},
}
"""Kinds of elements by datatype. In all of them null may stand for NaN or for nothing."""


def check(payload):
    """Raise InferenceError, which is answered with 400 or INVALID_ARGUMENT, for what is wrong with a request."""
    if payload.id and not ID.fullmatch(payload.id):
        raise InferenceError("'id' must be 1 to 256 printable ASCII characters without blanks")
    if not payload.inputs:
        raise InferenceError("'inputs' must hold at least one tensor")
    for tensor in payload.inputs:
        try:
            check_tensor(tensor.shape, getattr(tensor.datatype, "value", tensor.datatype), tensor.data)
        except ValueError as error:
            raise InferenceError(f"input '{tensor.name[:100]}': {error}") from None


def check_tensor(shape, datatype, data):
    """Raise ValueError for what is wrong with a tensor."""
    elements = flat(getattr(data, "root", data))
    if elements is None:
        raise ValueError("'data' must be a list")
    if datatype not in KINDS:
        raise ValueError(f"'datatype' must be one of {', '.join(KINDS)}")
    if not all(issubclass(kind, (*KINDS[datatype], type(None))) for kind in set(map(type, elements))):
        raise ValueError(f"datatype {datatype} does not go with its data")
    if len(shape) > MOST_SIZES or not all(0 <= size < 1 << 63 for size in shape):
        raise ValueError(f"'shape' must be a list of at most {MOST_SIZES} sizes from 0 up and below 2^63")
    characters = sum(len(element) for element in elements if element is not None) if datatype == "BYTES" else 0
    if math.prod(filter(None, shape)) > max(len(elements), characters, LARGEST_EMPTY):
        raise ValueError("its shape is larger than its data")


def flat(data):
    """Give the elements of lists of lists; None where there is no list at all."""
    if not isinstance(data, list):
        return None
    for _ in range(MOST_SIZES):
        if not data or not all(isinstance(row, list) for row in data):
            break
        data = [element for row in data for element in row]
    return data

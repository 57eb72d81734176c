"""What models of Triton's python backend begin with: how they take and give tensors, and their class."""

from __future__ import annotations

HEAD = """
import numpy as np
import triton_python_backend_utils as pb_utils

def taken(request, name):
    return pb_utils.get_input_tensor_by_name(request, name).as_numpy()

def given(name, values):
    return pb_utils.InferenceResponse([pb_utils.Tensor(name, np.asarray(values, dtype=np.float32))])

class TritonPythonModel:
"""

"""The canary's model for Triton's python backend: a small network whose weights lie beside it as ``weights.npz``."""

from pathlib import Path

import numpy as np
import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    """Takes ``scaled`` of shape [n, 64] and gives ``predict`` of shape [n, 1]."""

    def initialize(self, args):
        """Read the weights."""
        weights = np.load(Path(__file__).with_name("weights.npz"))
        self.layers = [(weights[f"w{index}"], weights[f"b{index}"]) for index in range(len(weights) // 2)]

    def execute(self, requests):
        """Answer a batch of requests."""
        return [self.answer(request) for request in requests]

    def answer(self, request):
        """Answer one request."""
        values = pb_utils.get_input_tensor_by_name(request, "scaled").as_numpy()
        for weight, bias in self.layers[:-1]:
            values = np.maximum(values @ weight + bias, 0)
        weight, bias = self.layers[-1]
        labels = (values @ weight + bias).argmax(axis=1).astype(np.int64)
        return pb_utils.InferenceResponse([pb_utils.Tensor("predict", labels[:, None])])

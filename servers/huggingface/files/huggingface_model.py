"""MLServer's Hugging Face runtime on PyTorch alone, which answers 400 and not 500 to what the pipeline refuses."""

import importlib.machinery
import sys
import types

# The runtime imports TensorFlow to set its threads, which only a model with `framework='tf'` would use.
sys.modules["tensorflow"] = types.ModuleType("tensorflow")
sys.modules["tensorflow"].__spec__ = importlib.machinery.ModuleSpec("tensorflow", None)

import mlserver_huggingface  # noqa: E402
from refusing import Refusing  # noqa: E402

del sys.modules["tensorflow"]


class HuggingFaceModel(Refusing, mlserver_huggingface.HuggingFaceRuntime):
    """A pipeline of transformers, from a folder or from the hub."""

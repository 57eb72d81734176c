"""What TorchServe's worker runs: a model in TorchScript, whose ``forward`` takes tensors by the names of its arguments.

A batch of TorchServe's is one request here. Outputs without a name are called as Triton calls them, ``OUTPUT__0``.
"""

from pathlib import Path

import torch
from arrays import packed, unpacked

MODEL_FILE = "model.pt"
STATE_FILE = "state"
"""Says ``ready``, or why the model cannot be loaded."""
CANNOT_TAKE = 400


class TorchScriptHandler:
    """TorchServe's form of a handler."""

    def initialize(self, context):
        """Load the model, and leave word of how that went."""
        folder = Path(context.system_properties["model_dir"])
        try:
            self._model = torch.jit.load(str(folder / MODEL_FILE), map_location="cpu").eval()
        except Exception as error:
            leave(folder, f"it is no TorchScript that PyTorch {torch.__version__} can load: {words(error)}")
            raise
        leave(folder, "ready")

    def handle(self, data, context):
        """Answer one request; what the model cannot take is the client's fault."""
        try:
            given = {name: torch.from_numpy(array) for name, array in unpacked(data[0]["body"]).items()}
            with torch.inference_mode():
                found = self._model(**given)
        except (RuntimeError, TypeError, ValueError) as error:
            context.set_response_status(CANNOT_TAKE, idx=0)
            return [words(error)]
        return [packed({name: array(tensor) for name, tensor in named(found).items()})]


def leave(folder, state):
    """Write the state file at once or not at all."""
    written = folder / f".{STATE_FILE}"
    written.write_text(state, encoding="utf-8")
    written.replace(folder / STATE_FILE)


def named(found):
    """Give a name to each tensor that a model answers with."""
    if isinstance(found, dict):
        return found
    listed = found if isinstance(found, (list, tuple)) else [found]
    return {f"OUTPUT__{index}": tensor for index, tensor in enumerate(listed)}


def array(tensor):
    """Make an array, also of the one type of numbers that numpy lacks."""
    return (tensor.float() if tensor.dtype is torch.bfloat16 else tensor).cpu().numpy()


def words(error):
    """Give the line of PyTorch's message that says what is wrong: the last one of a traceback, else the first."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    return lines[-1] if "Traceback" in str(error) else lines[0]

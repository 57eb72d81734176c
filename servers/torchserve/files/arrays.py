"""How named arrays go between MLServer and TorchServe's worker: in numpy's own format, which holds no code."""

import io

import numpy as np


def packed(arrays):
    """Write arrays by name."""
    written = io.BytesIO()
    np.savez(written, *arrays.values(), names=np.array(list(arrays), dtype=str))
    return written.getvalue()


def unpacked(content):
    """Read what :func:`packed` has written."""
    with np.load(io.BytesIO(content), allow_pickle=False) as found:
        return {str(name): found[f"arr_{index}"] for index, name in enumerate(found["names"])}

"""Several of Triton's models in one server: an ensemble and its steps, a model and what its code calls."""

# Annotations are evaluated as they stand: as text, pydantic would compile each one again at import.

from collections.abc import Mapping
from typing import ClassVar

from seldon_infra.core.model import Many, Spec
from seldon_infra.servers.triton.spec import SpecificVersions, TritonEnsemble, TritonModel


class TritonRepository(Spec):
    """The models that one Triton serves; clients reach the one that is called as its node. Source: Triton's docs,
    "Model Repository".

    ``model_uri`` leads to a folder with each model's files, ``MODEL/VERSION/model.py``; an ensemble has
    none.
    """

    noun: ClassVar[str] = "Triton repository"

    models: Many[TritonModel | TritonEnsemble]
    """Its models and ensembles, each with a name of its own."""


_MODEL_FILES: Mapping[str, str] = {
    "onnxruntime": "model.onnx",
    "openvino": "model.xml",
    "python": "model.py",
    "pytorch": "model.pt",
    "tensorrt": "model.plan",
}
"""Backend → its model's file in a version folder, where none is named. Source: Triton core, src/constants.h."""


def model_file(model: TritonModel) -> str | None:
    """Give the name of a model's file in its version folders, None where the backend alone knows it."""
    return model.default_model_filename or _MODEL_FILES.get(model.backend)


def named_versions(model: TritonModel | TritonEnsemble) -> tuple[int, ...]:
    """Give the versions that must be there by their numbers; where a policy takes what is there, none."""
    match model.version_policy:
        case SpecificVersions(versions=versions):
            return tuple(versions)
        case None:
            return (model.version,)
    return ()

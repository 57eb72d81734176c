"""A model in an image, ``oci://REGISTRY/REPOSITORY:TAG``: the node fetches it, and the server reads it where it lies.

An image has its model in ``/models``, as KServe's modelcars do. Images as volumes are stable from Kubernetes 1.36 on
(KEP-4639, ImageVolumeSource); a folder of one by itself can be mounted from 1.33 on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seldon_infra.core.model import known
from seldon_infra.graph.render_security import MODEL_PATH

if TYPE_CHECKING:
    from seldon_infra.core.model import Later
    from seldon_infra.graph.render_values import Manifest

SCHEME = "oci://"
_VOLUME, _FOLDER = "model-image", "models"


def image_of_model(uri: Later[str] | None) -> str | None:
    """Give the image that holds a model; one that comes later is not seen, its volume must be there before."""
    text = known(uri)
    return text.removeprefix(SCHEME) if text is not None and text.startswith(SCHEME) else None


def image_volume(image: str) -> Manifest:
    """The volume; what a tag means is asked at each start, since a node keeps what it meant before."""
    policy = "IfNotPresent" if "@" in image else "Always"
    return {"name": _VOLUME, "image": {"reference": image, "pullPolicy": policy}}


def image_mount() -> Manifest:
    """The mount of its model."""
    return {"name": _VOLUME, "mountPath": MODEL_PATH, "subPath": _FOLDER, "readOnly": True}

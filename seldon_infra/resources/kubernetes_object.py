"""Any Kubernetes object as a resource of the provider `kubernetes`, declared by its manifest.

The SDK has a class for each kind, and importing one of them loads all of its group's: 0.4 s of every preview. What they
send to the engine is what stands here: the kind's token and the manifest.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import Any

import pulumi

from seldon_infra.core.model import is_later
from seldon_infra.resources.handle import Handle

_HIDDEN = {"Secret": ["data", "stringData"]}
"""Fields that are secret in the state whatever they hold."""


def declare(name: str, manifest: Mapping[str, Any], opts: pulumi.ResourceOptions) -> Handle:
    """Declare an object under a name of the program's.

    Args:
        name: the resource's name.
        manifest: the object; values in it may be Outputs.
        opts: of the resource; it needs a provider there or in its parent.
    """
    api_version, kind = manifest["apiVersion"], manifest["kind"]
    if kind in _HIDDEN:
        opts = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(additional_secret_outputs=_HIDDEN[kind]))
    return Handle(_token(api_version, kind), name, manifest, opts)


def stored(manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give a manifest as the API server keeps it: of a Secret's texts it keeps the bytes."""
    if "stringData" not in manifest:
        return manifest
    texts: Any = manifest["stringData"]
    later = is_later(texts) or any(map(is_later, texts.values()))
    # An Output per text, which the SDK would make of known ones, costs a large stack seconds.
    data = pulumi.Output.secret(texts if later else None).apply(lambda come: _encoded(come if later else texts))
    return {**{key: value for key, value in manifest.items() if key != "stringData"}, "data": data}


def _encoded(texts: Mapping[str, str]) -> dict[str, str]:
    return {name: b64encode(text.encode()).decode() for name, text in texts.items()}


def read_status(
    name: str, api_version: str, kind: str, at: pulumi.Input[str], opts: pulumi.ResourceOptions
) -> pulumi.Output[Any]:
    """Read the status of an object that is not this stack's.

    Args:
        name: the resource's name.
        api_version: as in a manifest.
        kind: as in a manifest.
        at: NAMESPACE/NAME.
        opts: of the resource.
    """
    there = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(id=at))
    return Handle(_token(api_version, kind), name, {"status": None}, there).status


def _token(api_version: str, kind: str) -> str:
    """The provider's name of a kind: the group without a name is its ``core``."""
    return f"kubernetes:{api_version if '/' in api_version else f'core/{api_version}'}:{kind}"

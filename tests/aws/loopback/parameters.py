"""The public SSM parameters of EKS images; every other parameter is moto's."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from tests.aws.loopback import versions

_NAME = re.compile(
    r"/aws/service/eks/optimized-ami/(?P<version>\d\.\d+)/amazon-linux-2023/(?P<machine>x86_64|arm64)/"
    r"(?P<variant>standard|nvidia|neuron)/recommended(?:/(?P<part>image_id|image_name|release_version))?"
)

_BOTTLEROCKET = re.compile(
    r"/aws/service/bottlerocket/aws-k8s-(?P<version>\d\.\d+)(?:-nvidia)?/(?:x86_64|arm64)/latest/"
    r"(?P<part>image_version|image_id)"
)


def image_parameter(region: str, name: str) -> dict[str, Any] | None:
    """An EKS image's parameter; None where the name is none, or the version has no images."""
    if bottlerocket := _BOTTLEROCKET.fullmatch(name):
        value = "1.50.0" if bottlerocket["part"] == "image_version" else "ami-0123456789abcdef0"
        return _parameter(region, name, value) if bottlerocket["version"] in versions.KUBERNETES else None
    found = _NAME.fullmatch(name)
    if found is None or found["version"] not in versions.KUBERNETES:
        return None
    image = "ami-" + hashlib.sha256(name.partition("/recommended")[0].encode()).hexdigest()[:17]
    title = f"amazon-eks-node-al2023-{found['machine']}-{found['variant']}-{found['version']}-v20261101"
    parts = {"image_id": image, "image_name": title, "release_version": versions.release(found["version"])}
    return _parameter(region, name, parts[found["part"]] if found["part"] else json.dumps(parts))


def _parameter(region: str, name: str, value: str) -> dict[str, Any]:
    arn = f"arn:aws:ssm:{region}::parameter{name}"
    return {"Parameter": {"Name": name, "Type": "String", "Value": value, "Version": 1, "ARN": arn}}

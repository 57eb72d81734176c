"""The same objects as `pulumi_kubernetes` alone declares them, read from a file: what they cost without the library."""

import json
from pathlib import Path

import pulumi
from pulumi_kubernetes import Provider
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.core.v1 import Namespace, Secret, ServiceAccount
from pulumi_kubernetes.networking.v1 import NetworkPolicy

KINDS = {"Namespace": Namespace, "Secret": Secret, "ServiceAccount": ServiceAccount, "NetworkPolicy": NetworkPolicy}

provider = Provider("cluster")
namespaces: list[pulumi.Resource] = []
for number, manifest in enumerate(json.loads(Path("objects.json").read_text(encoding="utf-8"))):
    kind = manifest.pop("kind")
    options = pulumi.ResourceOptions(provider=provider, depends_on=namespaces)
    fields = {"api_version": manifest.pop("apiVersion"), **manifest}
    if "automountServiceAccountToken" in fields:
        fields["automount_service_account_token"] = fields.pop("automountServiceAccountToken")
    if "stringData" in fields:
        fields["string_data"] = fields.pop("stringData")
    if kind in KINDS:
        del fields["api_version"]
        made = KINDS[kind](f"object-{number}", **fields, opts=options)
        namespaces += [made] if kind == "Namespace" else []
    else:
        CustomResource(f"object-{number}", kind=kind, **fields, opts=options)

"""The same objects as `pulumi_kubernetes` alone declares them, read from a file: what they cost without the library.

Those that come with the name of a component stand in one of that name, whose output is where it answers.
"""

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
components: dict[str, pulumi.ComponentResource] = {}
for number, (component, manifest) in enumerate(json.loads(Path("objects.json").read_text(encoding="utf-8"))):
    kind = manifest.pop("kind")
    if component is not None and component not in components:
        components[component] = pulumi.ComponentResource("fleet:index:Deployment", component)
    parent = components.get(component)
    options = pulumi.ResourceOptions(provider=provider, depends_on=namespaces, parent=parent)
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
        custom = CustomResource(f"object-{number}", kind=kind, **fields, opts=options)
        if parent is not None:
            parent.register_outputs({"url": custom.id.apply(lambda at: f"http://ingress/seldon/{at}")})

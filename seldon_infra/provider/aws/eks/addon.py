"""``seldon:aws:EksAddon``: software in a cluster that EKS installs and updates."""

from __future__ import annotations

import json
from collections.abc import Iterable

import yaml

from seldon_infra.provider.aws.eks.ids import Id
from seldon_infra.provider.aws.eks.objects import BROKEN, Ask, EksObject, look, seen, tags_of
from seldon_infra.provider.aws.eks.waiting import Body
from seldon_infra.provider.framework import Context, Instance
from seldon_infra.resources.aws_eks_addon import EKS_ADDON, EksAddonInputs, EksAddonOutputs

_CHANGED = ("version", "configuration", "service_account_role_arn", "pod_identities")


class EksAddon(EksObject[EksAddonInputs, EksAddonOutputs]):
    """An EKS add-on."""

    type = EKS_ADDON
    what = "add-on"
    create_call, delete_call = "create_addon", "delete_addon"
    replace_on = frozenset({"region", "cluster_name", "name", "namespace", "made"})
    kept = frozenset({"version", "namespace"})
    delete_before_replace = True
    timeout = 1800.0

    def parse(self, id: str) -> Id:
        """REGION/CLUSTER/ADDON."""
        return Id.of_part(id, "ADDON")

    def id_for(self, inputs: EksAddonInputs, context: Context) -> Id:
        """A cluster has each add-on once."""
        return Id(inputs.region, inputs.cluster_name, inputs.name)

    def names(self, id: Id) -> Body:
        """An add-on is named by its cluster and its name."""
        return {"clusterName": id.cluster, "addonName": id.name}

    def ids(self, inputs: EksAddonInputs, context: Context) -> Iterable[Id]:
        """All add-ons of the cluster."""
        cluster = Id(inputs.region, inputs.cluster_name)
        names = self.listed(cluster, "list_addons", {"clusterName": cluster.cluster}, "addons", context)
        return [Id(cluster.region, cluster.cluster, name) for name in names]

    def describe(self, id: Id, ask: Ask) -> Body | None:
        """The add-on, with the roles of its service accounts, which AWS keeps elsewhere."""
        body = look(ask, "describe_addon", self.names(id), "addon")
        if body is None:
            return None
        arns = body.get("podIdentityAssociations", [])
        return {**body, "podIdentities": dict(filter(None, (_account(id, arn, ask) for arn in arns)))}

    def request(self, id: Id, inputs: EksAddonInputs) -> Body:
        """The call that makes it."""
        return {
            **_settings(inputs),
            "configurationValues": json.dumps(inputs.configuration) if inputs.configuration else None,
            "namespaceConfig": {"namespace": inputs.namespace} if inputs.namespace else None,
        }

    def arn(self, body: Body) -> str:
        """Its ARN."""
        return str(body["addonArn"])

    def update(
        self, id: str, last: Instance[EksAddonInputs, EksAddonOutputs], inputs: EksAddonInputs, context: Context
    ) -> EksAddonOutputs:
        """A version that is left to AWS moves with the cluster's, and not by itself."""
        moved = inputs.kubernetes_version not in (None, last.inputs.kubernetes_version)
        default = self._default(self.parse(id), inputs, context) if moved and inputs.version is None else inputs.version
        updated = super().update(id, last, inputs.model_copy(update={"version": default}), context)
        return updated.model_copy(update={"version": inputs.version})

    def _default(self, id: Id, inputs: EksAddonInputs, context: Context) -> str | None:
        """AWS's default for the cluster's version; None where it names none."""
        asked = {"addonName": inputs.name, "kubernetesVersion": inputs.kubernetes_version}
        known = self.listed(id, "describe_addon_versions", asked, "addons", context)
        versions = [each for addon in known for each in addon["addonVersions"]]
        return next((str(each["addonVersion"]) for each in versions if _is_default(each, inputs)), None)

    def change(self, id: Id, now: EksAddonInputs, inputs: EksAddonInputs, context: Context) -> None:
        """All in one update; what it does not name is taken away, so it names everything."""
        wanted = inputs if inputs.version else inputs.model_copy(update={"version": now.version})
        if any(getattr(now, name) != getattr(wanted, name) for name in _CHANGED):
            given = {**_settings(wanted), "configurationValues": json.dumps(wanted.configuration)}
            self.run_update(id, "update_addon", given, context)

    def deletion(self, inputs: EksAddonInputs) -> Body:
        """Whether its objects stay in the cluster."""
        return {"preserve": inputs.preserve}

    def inputs_of(self, id: Id, body: Body, last: EksAddonInputs | None) -> EksAddonInputs:
        """What it has; how conflicts are resolved AWS does not tell."""
        return seen(
            EksAddonInputs,
            region=id.region,
            cluster_name=id.cluster,
            name=id.name,
            version=body["addonVersion"],
            kubernetes_version=last.kubernetes_version if last else None,
            configuration=yaml.safe_load(body.get("configurationValues") or "{}") or {},
            service_account_role_arn=body.get("serviceAccountRoleArn"),
            pod_identities=body["podIdentities"],
            namespace=body.get("namespaceConfig", {}).get("namespace"),
            resolve_conflicts=last.resolve_conflicts if last else "OVERWRITE",
            preserve=last.preserve if last else False,
            tags=tags_of(body),
            made=body["status"] not in BROKEN,
        )

    def outputs_of(self, inputs: EksAddonInputs, body: Body) -> EksAddonOutputs:
        """The add-on in AWS."""
        return seen(EksAddonOutputs, **dict(inputs), arn=body["addonArn"])


def _is_default(version: Body, inputs: EksAddonInputs) -> bool:
    fits = version["compatibilities"]
    return any(it["clusterVersion"] == inputs.kubernetes_version and it["defaultVersion"] for it in fits)


def _settings(inputs: EksAddonInputs) -> Body:
    accounts = sorted(inputs.pod_identities.items())
    return {
        "addonVersion": inputs.version,
        "serviceAccountRoleArn": inputs.service_account_role_arn,
        "resolveConflicts": inputs.resolve_conflicts,
        "podIdentityAssociations": [{"serviceAccount": name, "roleArn": role} for name, role in accounts],
    }


def _account(id: Id, arn: str, ask: Ask) -> tuple[str, str] | None:
    """The service account of one of an add-on's associations, and its role."""
    asked = {"clusterName": id.cluster, "associationId": arn.rpartition("/")[2]}
    found = look(ask, "describe_pod_identity_association", asked, "association")
    return (found["serviceAccount"], found["roleArn"]) if found else None

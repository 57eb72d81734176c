"""``seldon:aws:EksPodIdentityAssociation``: the role that the pods of a service account have."""

from __future__ import annotations

from collections.abc import Iterable

from seldon_infra.provider.aws import policies
from seldon_infra.provider.aws.eks.ids import Id
from seldon_infra.provider.aws.eks.objects import Ask, EksObject, look, seen, tags_of
from seldon_infra.provider.aws.eks.waiting import Body
from seldon_infra.provider.framework import Context, Problem, Refused
from seldon_infra.resources.aws_eks_pod_identity import (
    EKS_POD_IDENTITY_ASSOCIATION,
    EksPodIdentityAssociationInputs,
    EksPodIdentityAssociationOutputs,
)

_CHANGED = ("role_arn", "target_role_arn", "disable_session_tags", "policy")
_NEVER_TAKEN_AWAY = ("target_role_arn", "policy")
"""What AWS adds and changes in place, and has no call to take away."""


class EksPodIdentityAssociation(EksObject[EksPodIdentityAssociationInputs, EksPodIdentityAssociationOutputs]):
    """A service account's role by EKS Pod Identity."""

    type = EKS_POD_IDENTITY_ASSOCIATION
    what = "pod identity association"
    create_call, delete_call = "create_pod_identity_association", "delete_pod_identity_association"
    replace_on = frozenset({"region", "cluster_name", "namespace", "service_account"})
    delete_before_replace = True

    def replaced_by(
        self, last: EksPodIdentityAssociationInputs, inputs: EksPodIdentityAssociationInputs
    ) -> frozenset[str]:
        """A target role and a policy are added and changed in place, and go with the association alone."""
        gone = (name for name in _NEVER_TAKEN_AWAY if getattr(last, name) and not getattr(inputs, name))
        return self.replace_on | set(gone)

    def keep(
        self, last: EksPodIdentityAssociationInputs, inputs: EksPodIdentityAssociationInputs
    ) -> EksPodIdentityAssociationInputs:
        """A policy that means the same is no change."""
        same = last.policy and inputs.policy and policies.same(last.policy, inputs.policy)
        return inputs.model_copy(update={"policy": last.policy}) if same else inputs

    def check(self, inputs: EksPodIdentityAssociationInputs, context: Context) -> EksPodIdentityAssociationInputs:
        """A policy stands beside no session tags. Source: EKS's API, CreatePodIdentityAssociation."""
        if inputs.policy and not inputs.disable_session_tags:
            raise Refused(Problem("policy", "counts only with disable_session_tags: set that to true"))
        return inputs

    def parse(self, id: str) -> Id:
        """REGION/CLUSTER/ASSOCIATION_ID."""
        return Id.of_part(id, "ASSOCIATION_ID")

    def id_for(self, inputs: EksPodIdentityAssociationInputs, context: Context) -> Id:
        """Its cluster; AWS chooses the rest."""
        return Id(inputs.region, inputs.cluster_name)

    def made_id(self, id: Id, made: Body) -> Id:
        """With what AWS has chosen."""
        return Id(id.region, id.cluster, made["association"]["associationId"])

    def names(self, id: Id) -> Body:
        """An association is named by its cluster and its id."""
        return {"clusterName": id.cluster, "associationId": id.name or None}

    def ids(self, inputs: EksPodIdentityAssociationInputs, context: Context) -> Iterable[Id]:
        """All associations of the cluster that belong to no add-on."""
        cluster = Id(inputs.region, inputs.cluster_name)
        asked = ("list_pod_identity_associations", {"clusterName": cluster.cluster}, "associations")
        found = [it["associationId"] for it in self.listed(cluster, *asked, context) if not it.get("ownerArn")]
        return [Id(cluster.region, cluster.cluster, id) for id in found]

    def describe(self, id: Id, ask: Ask) -> Body | None:
        """The association; before its creation there is none."""
        if not id.name:
            return None
        return look(ask, "describe_pod_identity_association", self.names(id), "association")

    def request(self, id: Id, inputs: EksPodIdentityAssociationInputs) -> Body:
        """The call that makes it."""
        return {"namespace": inputs.namespace, "serviceAccount": inputs.service_account, **_roles(inputs)}

    def arn(self, body: Body) -> str:
        """Its ARN."""
        return str(body["associationArn"])

    def change(
        self,
        id: Id,
        now: EksPodIdentityAssociationInputs,
        inputs: EksPodIdentityAssociationInputs,
        context: Context,
    ) -> None:
        """All in one call, which is done when it answers."""
        if any(getattr(now, name) != getattr(inputs, name) for name in _CHANGED):
            self.call(id, "update_pod_identity_association", {**self.names(id), **_roles(inputs)}, context)

    def inputs_of(
        self, id: Id, body: Body, last: EksPodIdentityAssociationInputs | None
    ) -> EksPodIdentityAssociationInputs:
        """What it has."""
        return seen(
            EksPodIdentityAssociationInputs,
            region=id.region,
            cluster_name=id.cluster,
            namespace=body["namespace"],
            service_account=body["serviceAccount"],
            role_arn=body["roleArn"],
            target_role_arn=body.get("targetRoleArn"),
            policy=policies.kept(last.policy if last else None, body["policy"]) if body.get("policy") else None,
            disable_session_tags=body.get("disableSessionTags", False),
            tags=tags_of(body),
        )

    def outputs_of(self, inputs: EksPodIdentityAssociationInputs, body: Body) -> EksPodIdentityAssociationOutputs:
        """The association in AWS."""
        return seen(
            EksPodIdentityAssociationOutputs,
            **dict(inputs),
            arn=body["associationArn"],
            association_id=body["associationId"],
        )


def _roles(inputs: EksPodIdentityAssociationInputs) -> Body:
    return {
        "roleArn": inputs.role_arn,
        "targetRoleArn": inputs.target_role_arn,
        "disableSessionTags": inputs.disable_session_tags,
        "policy": policies.text(inputs.policy) if inputs.policy else None,
    }

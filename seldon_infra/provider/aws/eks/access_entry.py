"""``seldon:aws:EksAccessEntry``: who a principal is in a cluster, with the access policies that it has there."""

from __future__ import annotations

from collections.abc import Iterable

from seldon_infra.provider.aws.eks.ids import Id
from seldon_infra.provider.aws.eks.objects import Ask, EksObject, answered, look, seen, tags_of
from seldon_infra.provider.aws.eks.waiting import Body, until_shown
from seldon_infra.provider.aws.trouble import AwsError, Kind
from seldon_infra.provider.framework import Context, Created, Problem, Refused
from seldon_infra.resources.aws_eks_access_entry import (
    EKS_ACCESS_ENTRY,
    EksAccessEntryInputs,
    EksAccessEntryOutputs,
    EksAccessPolicy,
)


class EksAccessEntry(EksObject[EksAccessEntryInputs, EksAccessEntryOutputs]):
    """An access entry with its policies."""

    type = EKS_ACCESS_ENTRY
    what = "access entry"
    create_call, delete_call = "create_access_entry", "delete_access_entry"
    replace_on = frozenset({"region", "cluster_name", "principal_arn", "type"})
    kept = frozenset({"username"})
    unordered = frozenset({"kubernetes_groups", "policies", "policies.namespaces"})
    delete_before_replace = True

    def check(self, inputs: EksAccessEntryInputs, context: Context) -> EksAccessEntryInputs:
        """Only people and services have groups, names and policies; nodes have what nodes need."""
        given = ("kubernetes_groups", "username", "policies") if inputs.type != "STANDARD" else ()
        if wrong := [name for name in given if getattr(inputs, name)]:
            raise Refused(*(Problem(name, f"goes with type STANDARD, not with {inputs.type}") for name in wrong))
        return inputs

    def parse(self, id: str) -> Id:
        """REGION/CLUSTER/PRINCIPAL_ARN."""
        return Id.of_part(id, "PRINCIPAL_ARN")

    def id_for(self, inputs: EksAccessEntryInputs, context: Context) -> Id:
        """A principal has one entry in a cluster."""
        return Id(inputs.region, inputs.cluster_name, inputs.principal_arn)

    def names(self, id: Id) -> Body:
        """An entry is named by its cluster and its principal."""
        return {"clusterName": id.cluster, "principalArn": id.name}

    def ids(self, inputs: EksAccessEntryInputs, context: Context) -> Iterable[Id]:
        """All entries of the cluster."""
        cluster = Id(inputs.region, inputs.cluster_name)
        arns = self.listed(cluster, "list_access_entries", {"clusterName": cluster.cluster}, "accessEntries", context)
        return [Id(cluster.region, cluster.cluster, arn) for arn in arns]

    def describe(self, id: Id, ask: Ask) -> Body | None:
        """The entry, with its policies, which AWS keeps beside it."""
        body = look(ask, "describe_access_entry", self.names(id), "accessEntry")
        held = answered(ask, "list_associated_access_policies", self.names(id)) if body else None
        return {**body, "policies": held["associatedAccessPolicies"]} if body and held else None

    def request(self, id: Id, inputs: EksAccessEntryInputs) -> Body:
        """The call that makes it."""
        groups = inputs.kubernetes_groups or None
        return {"type": inputs.type, "kubernetesGroups": groups, "username": inputs.username}

    def finish(self, id: Id, inputs: EksAccessEntryInputs, context: Context) -> Created[EksAccessEntryOutputs]:
        """With its policies it is whole."""
        made = super().finish(id, inputs, context)
        self._associate(id, self._policies(id, context), inputs, context)
        return made

    def arn(self, body: Body) -> str:
        """Its ARN."""
        return str(body["accessEntryArn"])

    def change(self, id: Id, now: EksAccessEntryInputs, inputs: EksAccessEntryInputs, context: Context) -> None:
        """Groups and name in one call, each policy in one of its own."""
        username = inputs.username or now.username
        if (now.kubernetes_groups, now.username) != (inputs.kubernetes_groups, username):
            given = {**self.names(id), "kubernetesGroups": inputs.kubernetes_groups, "username": username}
            self.call(id, "update_access_entry", given, context)
        self._associate(id, now.policies, inputs, context)

    def _policies(self, id: Id, context: Context) -> list[EksAccessPolicy]:
        body = self.now(id, context)
        return _policies(body) if body else []

    def _associate(self, id: Id, now: list[EksAccessPolicy], inputs: EksAccessEntryInputs, context: Context) -> None:
        """Give what is missing or has another scope, and take what is too much."""
        for policy in inputs.policies:
            if policy not in now:
                given = {**self.names(id), "policyArn": policy.arn, "accessScope": _scope(policy)}
                self.call(id, "associate_access_policy", given, context)
        for arn in sorted({it.arn for it in now} - {it.arn for it in inputs.policies}):
            try:
                self.call(id, "disassociate_access_policy", {**self.names(id), "policyArn": arn}, context)
            except AwsError as error:
                if error.kind is not Kind.GONE:
                    raise
        until_shown(context, f"{self.what} {id}", lambda: _same(self._policies(id, context), inputs.policies))

    def inputs_of(self, id: Id, body: Body, last: EksAccessEntryInputs | None) -> EksAccessEntryInputs:
        """What it has."""
        return seen(
            EksAccessEntryInputs,
            region=id.region,
            cluster_name=id.cluster,
            principal_arn=body["principalArn"],
            type=body["type"],
            kubernetes_groups=body.get("kubernetesGroups", []),
            username=body.get("username"),
            policies=_policies(body),
            tags=tags_of(body),
        )

    def outputs_of(self, inputs: EksAccessEntryInputs, body: Body) -> EksAccessEntryOutputs:
        """The entry in AWS."""
        return seen(EksAccessEntryOutputs, **dict(inputs), arn=body["accessEntryArn"])


def _same(now: list[EksAccessPolicy], wanted: list[EksAccessPolicy]) -> bool:
    return {it.arn: sorted(it.namespaces) for it in now} == {it.arn: sorted(it.namespaces) for it in wanted}


def _scope(policy: EksAccessPolicy) -> Body:
    return {"type": "namespace", "namespaces": policy.namespaces} if policy.namespaces else {"type": "cluster"}


def _policies(body: Body) -> list[EksAccessPolicy]:
    """The policies, each with where it counts."""
    return [
        seen(EksAccessPolicy, arn=it["policyArn"], namespaces=it["accessScope"].get("namespaces", []))
        for it in body["policies"]
    ]

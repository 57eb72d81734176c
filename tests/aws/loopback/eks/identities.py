"""Pod identity associations: which role the pods of a service account have. One for each service account."""

from __future__ import annotations

from tests.aws.loopback.eks.state import State, now
from tests.aws.loopback.shelf import Body
from tests.aws.loopback.wire import AwsError


class PodIdentities:
    """Operations on associations."""

    def __init__(self, state: State) -> None:
        self.state = state

    def create_pod_identity_association(self, given: Body) -> Body:
        for key in self.state.associations.visible():
            if self.state.associations.was_asked(key, given):
                return {"association": dict(self.state.associations.get(key))}
        self.state.active_cluster(given["clusterName"])
        return {"association": dict(new_association(self.state, given))}

    def describe_pod_identity_association(self, given: Body) -> Body:
        self.state.clusters.read(given["clusterName"])
        return {"association": dict(self.state.associations.read(_key(given)))}

    def list_pod_identity_associations(self, given: Body) -> Body:
        cluster = given["clusterName"]
        ids = self.state.in_cluster(self.state.associations, cluster)
        all_of_it = [self.state.associations.read((cluster, id)) for id in ids]
        wanted = {name: given[name] for name in ("namespace", "serviceAccount") if name in given}
        shown = ("clusterName", "namespace", "serviceAccount", "associationArn", "associationId", "ownerArn")
        found = [
            {name: it[name] for name in shown if name in it}
            for it in all_of_it
            if all(it[name] == value for name, value in wanted.items())
        ]
        return self.state.page("associations", found, given)

    def update_pod_identity_association(self, given: Body) -> Body:
        association = self.state.associations.write(_key(given))
        if "ownerArn" in association:
            raise AwsError("InvalidRequestException", f"The association belongs to {association['ownerArn']}")
        changeable = ("roleArn", "disableSessionTags", "targetRoleArn", "policy")
        association.update({name: given[name] for name in changeable if name in given}, modifiedAt=now())
        return {"association": dict(association)}

    def delete_pod_identity_association(self, given: Body) -> Body:
        self.state.associations.get(_key(given))
        return {"association": dict(self.state.associations.remove(_key(given)))}


def new_association(state: State, given: Body, owner_arn: str = "") -> Body:
    """A new association; an addon's belongs to the addon."""
    cluster = given["clusterName"]
    for owner, id in list(state.associations.visible()):
        if _account(state.associations.get((owner, id))) == _account(given):
            raise AwsError("ResourceInUseException", f"Association already exists: {id}")
    id = f"a-{state.new_id()[:17]}"
    body = {
        "clusterName": cluster,
        "namespace": given["namespace"],
        "serviceAccount": given["serviceAccount"],
        "roleArn": given["roleArn"],
        "associationArn": state.arn("podidentityassociation", cluster, id),
        "associationId": id,
        "tags": dict(given.get("tags", {})),
        "createdAt": now(),
        "modifiedAt": now(),
        "disableSessionTags": given.get("disableSessionTags", False),
        **({"targetRoleArn": given["targetRoleArn"]} if "targetRoleArn" in given else {}),
        **({"policy": given["policy"]} if "policy" in given else {}),
        **({"ownerArn": owner_arn} if owner_arn else {}),
    }
    return state.associations.add((cluster, id), body, given)


def _account(association: Body) -> tuple[str, str, str]:
    return association["clusterName"], association["namespace"], association["serviceAccount"]


def _key(given: Body) -> tuple[str, str]:
    return given["clusterName"], given["associationId"]

"""Access entries: which principal is who in a cluster, and the access policies that it has there."""

from __future__ import annotations

from tests.aws.loopback.eks.state import State, now
from tests.aws.loopback.shelf import Body
from tests.aws.loopback.wire import AwsError

_POLICIES = (
    "AmazonEKSClusterAdminPolicy", "AmazonEKSAdminPolicy", "AmazonEKSEditPolicy", "AmazonEKSViewPolicy",
    "AmazonEKSAdminViewPolicy",
)  # fmt: skip
_PREFIX = "arn:aws:eks::aws:cluster-access-policy/"


class AccessEntries:
    """Operations on access entries and their policies."""

    def __init__(self, state: State) -> None:
        self.state = state

    def create_access_entry(self, given: Body) -> Body:
        key = _key(given)
        if made := self.state.entries.made_before(key, given):
            return {"accessEntry": made}
        cluster = self.state.active_cluster(key[0])
        if cluster["accessConfig"]["authenticationMode"] == "CONFIG_MAP":
            raise AwsError(
                "InvalidRequestException", "The cluster's authentication mode must be set to one of API, ..."
            )
        kind = given.get("type", "STANDARD")
        if kind != "STANDARD" and ("kubernetesGroups" in given or "username" in given):
            raise AwsError("InvalidParameterException", f"type {kind} takes neither groups nor a user name")
        body = {
            "clusterName": key[0],
            "principalArn": key[1],
            "kubernetesGroups": given.get("kubernetesGroups", []),
            "accessEntryArn": self.state.arn("access-entry", key[0], "role", self.state.new_id()),
            "createdAt": now(),
            "modifiedAt": now(),
            "tags": dict(given.get("tags", {})),
            "username": given.get("username", key[1]),
            "type": kind,
        }
        self.state.policies[key] = {}
        return {"accessEntry": dict(self.state.entries.add(key, body, given))}

    def describe_access_entry(self, given: Body) -> Body:
        self.state.clusters.read(given["clusterName"])
        return {"accessEntry": self.state.entries.read(_key(given))}

    def list_access_entries(self, given: Body) -> Body:
        entries = sorted(self.state.in_cluster(self.state.entries, given["clusterName"]))
        if policy := given.get("associatedPolicyArn"):
            entries = [it for it in entries if policy in self.state.policies[given["clusterName"], it]]
        return self.state.page("accessEntries", entries, given)

    def update_access_entry(self, given: Body) -> Body:
        entry = self.state.entries.write(_key(given))
        entry.update({name: given[name] for name in ("kubernetesGroups", "username") if name in given})
        entry["modifiedAt"] = now()
        return {"accessEntry": dict(entry)}

    def delete_access_entry(self, given: Body) -> Body:
        self.state.entries.get(_key(given))
        self.state.entries.remove(_key(given))
        del self.state.policies[_key(given)]
        return {}

    def associate_access_policy(self, given: Body) -> Body:
        """Give a policy, or change its scope."""
        key, policy, scope = _key(given), given["policyArn"], given["accessScope"]
        entry = self.state.entries.get(key)
        if entry["type"] != "STANDARD":
            raise AwsError("InvalidRequestException", f"type {entry['type']} takes no access policies")
        if policy.removeprefix(_PREFIX) not in _POLICIES:
            raise AwsError("InvalidParameterException", f"The policyArn parameter format is not valid: {policy}")
        if (scope["type"] == "namespace") != bool(scope.get("namespaces")):
            raise AwsError("InvalidParameterException", "namespaces go with the scope namespace, and only with it")
        associated = {"policyArn": policy, "accessScope": {"namespaces": [], **scope}}
        associated |= {"associatedAt": now(), "modifiedAt": now()}
        if lag := self.state.clock.lag:
            self.state.policies_seen[key] = self.state.clock.now + lag, dict(self.state.policies[key])
        self.state.policies[key][policy] = associated
        return {"clusterName": key[0], "principalArn": key[1], "associatedAccessPolicy": associated}

    def disassociate_access_policy(self, given: Body) -> Body:
        self.state.entries.get(_key(given))
        if self.state.policies[_key(given)].pop(given["policyArn"], None) is None:
            raise AwsError("ResourceNotFoundException", f"{given['policyArn']} is not associated")
        return {}

    def list_associated_access_policies(self, given: Body) -> Body:
        key = _key(given)
        self.state.entries.read(key)
        until, seen = self.state.policies_seen.get(key, (0, {}))
        held = seen if self.state.clock.now <= until else self.state.policies[key]
        page = self.state.page("associatedAccessPolicies", list(held.values()), given)
        return {"clusterName": key[0], "principalArn": key[1], **page}


def _key(given: Body) -> tuple[str, str]:
    return given["clusterName"], given["principalArn"]

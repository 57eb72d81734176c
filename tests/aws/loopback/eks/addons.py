"""Addons: a version that fits the cluster, settings, roles for their pods."""

from __future__ import annotations

import json

from tests.aws.loopback import versions
from tests.aws.loopback.eks.identities import new_association
from tests.aws.loopback.eks.state import State, now
from tests.aws.loopback.shelf import Body
from tests.aws.loopback.wire import AwsError


class Addons:
    """Operations on addons."""

    def __init__(self, state: State) -> None:
        self.state = state

    def create_addon(self, given: Body) -> Body:
        cluster, name = given["clusterName"], given["addonName"]
        if made := self.state.addons.made_before((cluster, name), given):
            return {"addon": made}
        owner = self.state.active_cluster(cluster)
        body: Body = {
            "addonName": name,
            "clusterName": cluster,
            "addonVersion": _fitting(name, owner["version"], given.get("addonVersion")),
            "health": {"issues": []},
            "addonArn": self.state.arn("addon", cluster, name, self.state.new_id()),
            "createdAt": now(),
            "modifiedAt": now(),
            "publisher": "eks",
            "owner": "aws",
            "tags": dict(given.get("tags", {})),
            "namespaceConfig": given.get("namespaceConfig", {"namespace": "kube-system"}),
        }
        body |= _settings(given)
        addon = self.state.addons.add((cluster, name), body, given)
        addon["podIdentityAssociations"] = self._associate(addon, given.get("podIdentityAssociations", []))
        self.state.addons.pass_through((cluster, name), "CREATING", "ACTIVE")
        return {"addon": dict(addon)}

    def describe_addon(self, given: Body) -> Body:
        self.state.clusters.read(given["clusterName"])
        return {"addon": self.state.addons.read((given["clusterName"], given["addonName"]))}

    def list_addons(self, given: Body) -> Body:
        names = sorted(self.state.in_cluster(self.state.addons, given["clusterName"]))
        return self.state.page("addons", names, given)

    def update_addon(self, given: Body) -> Body:
        """Change an addon; a role that is not named again is taken away, settings that are not named stay."""
        cluster, name = given["clusterName"], given["addonName"]
        addon, owner = self.state.addons.get((cluster, name)), self.state.clusters.get(cluster)
        version = _fitting(name, owner["version"], given.get("addonVersion", addon["addonVersion"]))
        settings = _settings(given)

        def apply() -> None:
            addon.pop("serviceAccountRoleArn", None)
            addon.update(settings, addonVersion=version, modifiedAt=now())
            if not addon.get("configurationValues"):
                addon.pop("configurationValues", None)
            if "podIdentityAssociations" in given:
                self._forget(addon)
                addon["podIdentityAssociations"] = self._associate(addon, given["podIdentityAssociations"])

        return self.state.update((cluster, "addon", name), "AddonUpdate", given, apply)

    def delete_addon(self, given: Body) -> Body:
        key = (given["clusterName"], given["addonName"])
        addon = self.state.addons.get(key)
        return {"addon": dict(self.state.addons.leave(key, lambda: self._forget(addon)))}

    def describe_addon_versions(self, given: Body) -> Body:
        names = [given["addonName"]] if "addonName" in given else list(versions.ADDONS)
        fitting = given.get("kubernetesVersion")
        known = [{"addonName": name, "addonVersions": _catalogue(name, fitting)} for name in names]
        return self.state.page("addons", known, given)

    def _associate(self, addon: Body, wanted: list[Body]) -> list[str]:
        cluster = addon["clusterName"]
        namespace = addon["namespaceConfig"]["namespace"]
        made = [
            new_association(self.state, {**it, "clusterName": cluster, "namespace": namespace}, addon["addonArn"])
            for it in wanted
        ]
        return [association["associationArn"] for association in made]

    def _forget(self, addon: Body) -> None:
        for arn in addon["podIdentityAssociations"]:
            self.state.associations.remove((addon["clusterName"], arn.rpartition("/")[2]))


def _settings(given: Body) -> Body:
    """The parts that an addon has only where they are given."""
    try:
        json.loads(given.get("configurationValues") or "{}")
    except ValueError:
        raise AwsError("InvalidParameterException", "ConfigurationValue provided in request is not supported") from None
    return {
        name: given[name] for name in ("serviceAccountRoleArn", "configurationValues") if given.get(name) is not None
    }


def _fitting(name: str, kubernetes: str, wanted: str | None) -> str:
    known = versions.addon_versions(name, kubernetes)
    if not known:
        raise AwsError("InvalidParameterException", f"Addon {name} specified is not supported in {kubernetes}")
    if wanted is not None and wanted not in known:
        raise AwsError("InvalidParameterException", f"Addon version {wanted} specified is not supported")
    return wanted or known[-1]


def _catalogue(name: str, kubernetes: str | None) -> list[Body]:
    found = []
    for version, fitting in versions.ADDONS.get(name, {}).items():
        if kubernetes is None or kubernetes in fitting:
            fits = [
                {"clusterVersion": it, "defaultVersion": versions.addon_versions(name, it)[-1] == f"v{version}"}
                for it in fitting
            ]
            found.append({"addonVersion": f"v{version}", "compatibilities": fits})
    return found

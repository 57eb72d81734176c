"""A cluster's specification as the objects of AWS that it is made of."""

from __future__ import annotations

from seldon_infra.eks.parts import Part, Parts
from seldon_infra.eks.render import addons
from seldon_infra.eks.render.access import access_entries, identities, issuer, service_account_roles
from seldon_infra.eks.render.control_plane import control_plane
from seldon_infra.eks.render.interruptions import interruptions
from seldon_infra.eks.render.network import network
from seldon_infra.eks.render.nodes import node_groups
from seldon_infra.eks.rules.nodes import takes_any_pod
from seldon_infra.eks.spec import EksCluster


def cluster(spec: EksCluster) -> Parts:
    """All parts, in an order in which they can be made: what runs on every node before nodes, the rest after them."""
    place = network(spec)
    control, around = control_plane(spec, place)
    oidc = issuer(spec, control)
    early = addons.early(spec, control)
    groups, templates = node_groups(spec, place, control, (*early, *place.ways_out))
    late = addons.late(spec, control, _always_there(spec, groups))
    rights = (*access_entries(spec, control), *identities(spec, control), *service_account_roles(spec, oidc))
    heard = interruptions(spec)
    made = (*place.parts, *around, control, oidc, *early, *templates, *groups, *late, *rights, *heard)
    return Parts(control, (*made, _emptied(spec, control, (*place.ways_out, *groups, *late, *rights))))


def _emptied(spec: EksCluster, control: Part, needed: tuple[Part, ...]) -> Part:
    """What goes when nothing is left of what the cluster made, and before all by which it removes that."""
    inputs = {"region": spec.region, "cluster_name": control["name"]}
    return Part(f"{spec.name}-emptied", "EksEmptied", inputs, needed)


def _always_there(spec: EksCluster, groups: tuple[Part, ...]) -> tuple[Part, ...]:
    """The groups that add-ons can count on; those of GPUs may lack capacity for long."""
    steady = {each.name for each in spec.node_groups if each.scaling.minimum >= 1 and takes_any_pod(each)}
    return tuple(part for part in groups if part.name in steady)

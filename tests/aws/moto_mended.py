"""What moto 5.2 does otherwise than AWS, or not at all, where it matters to these tests."""

from __future__ import annotations

import contextlib
from typing import Any

from moto.core.responses import EmptyResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import launch_templates, nat_gateways
from moto.ec2.models.instance_types import INSTANCE_TYPE_OFFERINGS, INSTANCE_TYPES
from moto.ec2.models.subnets import SubnetBackend
from moto.ec2.models.vpcs import VPCBackend
from moto.ec2.responses.vpcs import VPCs
from moto.iam.models import IAMBackend
from moto.iam.responses import IamResponse
from moto.sqs.models import SQSBackend


def mend() -> None:
    """Mend moto in this process."""
    launch_templates.LaunchTemplate.tags = property(launch_templates.LaunchTemplate.get_tags, _nothing)  # type: ignore
    nat_gateways.NatGatewayBackend.delete_nat_gateway = _delete_nat_gateway  # type: ignore[method-assign]
    VPCBackend.delete_vpc_endpoints = _delete_vpc_endpoints  # type: ignore[method-assign]
    VPCs.modify_vpc_endpoint = _modify_vpc_endpoint  # type: ignore[method-assign]
    SubnetBackend.create_subnet = _create_subnet  # type: ignore[method-assign]
    IAMBackend._init_aws_policies = _policies_where_we_are  # type: ignore[method-assign]
    SQSBackend.set_queue_attributes = _set_queue_attributes  # type: ignore[method-assign]
    for region in ("eu-central-1", "eu-west-1"):
        _offer_newer_types(region)
    IamResponse.add_client_id_to_open_id_connect_provider = _add_client  # type: ignore[attr-defined]
    IamResponse.remove_client_id_from_open_id_connect_provider = _remove_client  # type: ignore[attr-defined]


def _offer_newer_types(region: str) -> None:
    """Offer in every zone what moto knows and its list of offers, which is older, does not have."""
    offers = INSTANCE_TYPE_OFFERINGS["availability-zone"][region]
    there, zones = {it["InstanceType"] for it in offers}, sorted({it["Location"] for it in offers})
    offers += [
        {"InstanceType": kind, "Location": zone} for kind in INSTANCE_TYPES if kind not in there for zone in zones
    ]


_delete_endpoints = VPCBackend.delete_vpc_endpoints


def _delete_vpc_endpoints(backend: Any, vpce_ids: list[str]) -> Any:
    """Take over that a table, or its route, is gone already."""
    for endpoint in (backend.vpc_end_points[id] for id in vpce_ids if id in backend.vpc_end_points):
        for table in endpoint.route_table_ids or ():
            with contextlib.suppress(EC2ClientError):
                backend.delete_route(table, endpoint.destination_prefix_list_id)
        endpoint.route_table_ids = []
    return _delete_endpoints(backend, vpce_ids)


_set_attributes = SQSBackend.set_queue_attributes


def _set_queue_attributes(backend: Any, queue_name: str, attributes: dict[str, Any]) -> Any:
    """Leave the policy as it is where none is given."""
    return _set_attributes(backend, queue_name, {"Policy": backend.get_queue(queue_name).policy, **attributes})


_create = SubnetBackend.create_subnet


def _create_subnet(backend: Any, *given: Any, **named: Any) -> Any:
    """A new subnet gives no public addresses; moto's first one in a zone does."""
    subnet = _create(backend, *given, **named)
    subnet.map_public_ip_on_launch = False
    return subnet


_policies = IAMBackend._init_aws_policies


def _policies_where_we_are(backend: Any) -> Any:
    """Load AWS's own policies for one partition: for all six they cost two seconds an account."""
    return _policies(backend) if backend.partition == "aws" else []


_modify = VPCs.modify_vpc_endpoint


def _modify_vpc_endpoint(response: Any) -> Any:
    """Take over private DNS too."""
    answer, private = _modify(response), response._get_param("PrivateDnsEnabled")
    if private is not None:
        (endpoint,) = response.ec2_backend.describe_vpc_endpoints([response._get_param("VpcEndpointId")])
        endpoint.private_dns_enabled = private
    return answer


def _nothing(template: Any, tags: Any) -> None:
    """moto keeps the tags of a template's birth for ever."""


def _delete_nat_gateway(backend: Any, nat_gateway_id: str) -> Any:
    """Let go of the address and the interface, as AWS does; moto keeps both."""
    gateway = backend.nat_gateways.get(nat_gateway_id)
    if gateway.state != "deleted":
        gateway.state = "deleted"
        for address in gateway.address_set:
            for found in backend.addresses:
                if found.allocation_id == address.get("allocationId"):
                    backend.disassociate_address(address=found.public_ip)
        backend.enis.pop(gateway._eni.id, None)
    return gateway


def _add_client(response: Any) -> Any:
    provider = response.backend.get_open_id_connect_provider(response._get_param("OpenIDConnectProviderArn"))
    provider.client_id_list.append(response._get_param("ClientID"))
    return EmptyResult()


def _remove_client(response: Any) -> Any:
    provider = response.backend.get_open_id_connect_provider(response._get_param("OpenIDConnectProviderArn"))
    provider.client_id_list.remove(response._get_param("ClientID"))
    return EmptyResult()

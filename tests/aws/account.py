"""An account in moto with a stack in it: what tests declare, change behind its back, and look at."""

from __future__ import annotations

import json
import subprocess
import urllib.request
from pathlib import Path
from typing import Any

import boto3

from tests.engine.scratch import ENVIRONMENT, STACK, Engine

REGION = "eu-west-1"
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": REGION}
REPOSITORY = Path(__file__).parents[2]
Done = subprocess.CompletedProcess[str]


class Account:
    """One account and one stack; `plugin_endpoint` is where the plugin finds AWS, `endpoint` where the test does."""

    def __init__(self, engine: Engine, endpoint: str) -> None:
        self.engine, self.endpoint = engine, endpoint
        engine.environment |= {
            "PYTHONPATH": str(REPOSITORY),
            **KEYS,
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        engine.use_plugin("seldon", ENVIRONMENT / "bin")

    def reset(self) -> None:
        """Empty the account."""
        request = urllib.request.Request(f"{self.endpoint}/moto-api/reset", method="POST")
        urllib.request.urlopen(request, timeout=30).close()
        for vpc in self.ec2.describe_vpcs()["Vpcs"]:  # moto begins with a default network
            for subnet in self.ec2.describe_subnets()["Subnets"]:
                self.ec2.delete_subnet(SubnetId=subnet["SubnetId"])
            for gateway in self.ec2.describe_internet_gateways()["InternetGateways"]:
                id = gateway["InternetGatewayId"]
                self.ec2.detach_internet_gateway(InternetGatewayId=id, VpcId=vpc["VpcId"])
                self.ec2.delete_internet_gateway(InternetGatewayId=id)
            self.ec2.delete_vpc(VpcId=vpc["VpcId"])

    def client(self, service: str) -> Any:
        """AWS as somebody else sees it."""
        session = boto3.session.Session("test", "test", region_name=REGION)
        return session.client(service, endpoint_url=self.endpoint)

    @property
    def ec2(self) -> Any:
        return self.client("ec2")

    def declare(self, program: str, **changes: Any) -> None:
        """Make this the program; `changes` are inputs by resource that differ from it, None leaves the resource out."""
        self.engine.write_program(f"from tests.aws.declared import *\nset_changes({changes!r})\n{program}")

    def up(self, check: bool = True) -> Done:
        return self.engine.up(check=check)

    def preview(self) -> dict[str, tuple[str, set[str]]]:
        """Per resource that would change: what would happen, and the inputs that differ."""
        steps = json.loads(self.engine.preview("--json").stdout)["steps"]
        changing = [step for step in steps if step["op"] not in ("same", "read", "refresh")]
        return {step["urn"].rpartition("::")[2]: (step["op"], _paths(step)) for step in changing}

    def drifted(self) -> dict[str, set[str]]:
        """Per resource that has drifted: the inputs that did, as a drift preview tells with exit code 7."""
        done = self.engine.run("refresh", "--stack", STACK, "--preview-only", "--expect-no-changes", check=False)
        assert done.returncode in (0, 7), done.stdout + done.stderr
        found = {name: paths for name, (_, paths) in self.preview().items()}
        assert bool(found) == (done.returncode == 7), f"{found}\n{done.stdout}"
        return found

    def id(self, name: str) -> str:
        """The id that the state has of a resource."""
        return next(str(it["id"]) for it in self.engine.resources() if it["urn"].endswith(f"::{name}"))

    def outputs(self, name: str) -> dict[str, Any]:
        """The outputs that the state has of a resource."""
        return next(dict(it["outputs"]) for it in self.engine.resources() if it["urn"].endswith(f"::{name}"))

    def inventory(self) -> dict[str, list[str]]:
        """Everything that there is of the kinds that the library makes, by kind; kinds without any are left out."""
        ec2, iam, kms = self.ec2, self.client("iam"), self.client("kms")
        keys = [kms.describe_key(KeyId=it["KeyId"])["KeyMetadata"] for it in kms.list_keys()["Keys"]]
        found = {
            "vpc": [it["VpcId"] for it in ec2.describe_vpcs()["Vpcs"]],
            "subnet": [it["SubnetId"] for it in ec2.describe_subnets()["Subnets"]],
            "igw": [it["InternetGatewayId"] for it in ec2.describe_internet_gateways()["InternetGateways"]],
            "nat": [
                it["NatGatewayId"] for it in ec2.describe_nat_gateways()["NatGateways"] if it["State"] != "deleted"
            ],
            "address": [it["AllocationId"] for it in ec2.describe_addresses()["Addresses"]],
            "table": [
                it["RouteTableId"]
                for it in ec2.describe_route_tables()["RouteTables"]
                if not any(each.get("Main") for each in it["Associations"])
            ],
            "endpoint": [
                it["VpcEndpointId"] for it in ec2.describe_vpc_endpoints()["VpcEndpoints"] if it["State"] != "deleted"
            ],
            "group": [
                it["GroupId"] for it in ec2.describe_security_groups()["SecurityGroups"] if it["GroupName"] != "default"
            ],
            "interface": [it["NetworkInterfaceId"] for it in ec2.describe_network_interfaces()["NetworkInterfaces"]],
            "role": [it["RoleName"] for it in iam.list_roles()["Roles"]],
            "oidc": [it["Arn"] for it in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]],
            "key": [it["KeyId"] for it in keys if it["KeyState"] != "PendingDeletion"],
            "alias": [it["AliasName"] for it in kms.list_aliases()["Aliases"] if "/aws/" not in it["AliasName"]],
            "template": [it["LaunchTemplateId"] for it in ec2.describe_launch_templates()["LaunchTemplates"]],
        }
        return {kind: ids for kind, ids in found.items() if ids}

    def import_(self, token: str, name: str, id: str) -> Done:
        """Import one object, as `pulumi import` does."""
        return self.engine.run(
            "import",
            token,
            name,
            id,
            "--stack",
            STACK,
            "--yes",
            "--skip-preview",
            "--protect=false",
            "--generate-code=false",
        )


def _paths(step: dict[str, Any]) -> set[str]:
    return {path.partition(".")[0].partition("[")[0] for path in step.get("detailedDiff") or {}}

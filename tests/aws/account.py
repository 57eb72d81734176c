"""An account with a stack in it: what tests declare, change behind its back, and look at."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.aws.loopback import REGION, Loopback
from tests.aws.loopback.neighbours import beside
from tests.engine.scratch import ENVIRONMENT, STACK, Engine

REPOSITORY = Path(__file__).parents[2]
Done = subprocess.CompletedProcess[str]


class Account:
    """One account and one stack: the plugin's calls go through `aws`, those of the test past it, to moto."""

    def __init__(self, engine: Engine, aws: Loopback) -> None:
        self.engine, self.aws = engine, aws
        engine.environment |= {"PYTHONPATH": str(REPOSITORY), "AWS_REGION": REGION, **aws.environment}
        engine.environment["SELDON_INFRA_CACHE"] = str(engine.directory.parent / "cache")  # prices are made up here
        engine.use_plugin("seldon", ENVIRONMENT / "bin")
        self._remove_default_network()

    def _remove_default_network(self) -> None:
        """Take away what moto begins with."""
        for vpc in self.ec2.describe_vpcs()["Vpcs"]:
            for subnet in self.ec2.describe_subnets()["Subnets"]:
                self.ec2.delete_subnet(SubnetId=subnet["SubnetId"])
            for gateway in self.ec2.describe_internet_gateways()["InternetGateways"]:
                id = gateway["InternetGatewayId"]
                self.ec2.detach_internet_gateway(InternetGatewayId=id, VpcId=vpc["VpcId"])
                self.ec2.delete_internet_gateway(InternetGatewayId=id)
            self.ec2.delete_vpc(VpcId=vpc["VpcId"])

    def client(self, service: str) -> Any:
        """AWS as somebody else sees it."""
        return beside(service, self.aws.behind, REGION)

    @property
    def ec2(self) -> Any:
        return self.client("ec2")

    def declare(self, program: str, **changes: Any) -> None:
        """Make this the program; `changes` are inputs by resource that differ from it, None leaves the resource out."""
        self.engine.write_inline_program(f"from tests.aws.declared import *\nset_changes({changes!r})\n{program}")

    def up(self, *arguments: str, check: bool = True) -> Done:
        """Apply the program."""
        return self.engine.up(*arguments, check=check)

    def preview(self) -> dict[str, tuple[str, set[str]]]:
        """Per resource that would change: what would happen, and the inputs that differ."""
        steps = json.loads(self.engine.preview("--json").stdout)["steps"]
        changing = [step for step in steps if step["op"] not in ("same", "read", "refresh")]
        return {step["urn"].rpartition("::")[2]: (step["op"], _paths(step)) for step in changing}

    def drifted(self) -> dict[str, set[str]]:
        """Per resource that has drifted: the inputs that did, as a drift preview tells with exit code 7."""
        options = ("--preview-only", "--expect-no-changes", "--json")
        done = self.engine.run("refresh", "--stack", STACK, *options, check=False)
        assert done.returncode in (0, 7), done.stdout + done.stderr
        found = {it["urn"].rpartition("::")[2]: _drifted(it) for it in json.loads(done.stdout)["steps"]}
        drifted = {name: fields for name, fields in found.items() if fields}
        assert bool(drifted) == (done.returncode == 7), done.stdout
        return drifted

    def state(self) -> dict[str, dict[str, Any]]:
        """What the state has of AWS, by name."""
        found = [it for it in self.engine.resources() if it["type"].startswith("seldon:aws:")]
        return {it["urn"].rpartition("::")[2]: it for it in found}

    def id(self, name: str) -> str:
        """The id that the state has of a resource."""
        return str(self.state()[name]["id"])

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
            "queue": self.client("sqs").list_queues().get("QueueUrls", []),
            "rule": [it["Name"] for it in self.client("events").list_rules()["Rules"]],
            "template": [it["LaunchTemplateId"] for it in ec2.describe_launch_templates()["LaunchTemplates"]],
        }
        return {kind: ids for kind, ids in found.items() if ids}

    def import_(self, objects: list[dict[str, str]]) -> Done:
        """Import objects, each with type, name and id, as `pulumi import` does."""
        file = self.engine.directory / "import.json"
        file.write_text(json.dumps({"resources": objects}))
        options = ("--yes", "--skip-preview", "--protect=false", "--generate-code=false")
        return self.engine.run("import", "--file", str(file), "--stack", STACK, *options)


def _paths(step: dict[str, Any]) -> set[str]:
    return {path.partition(".")[0].partition("[")[0] for path in step.get("detailedDiff") or {}}


def _drifted(step: dict[str, Any]) -> set[str]:
    """The inputs that a refresh would change; of what is gone, all."""
    old, new = (step.get(it, {}).get("inputs", {}) for it in ("oldState", "newState"))
    return {key for key in old | new if old.get(key) != new.get(key)}

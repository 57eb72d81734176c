"""The page about EKS: its program runs, its imports have ids that the types read, its permissions are those in use."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import seldon_infra.provider.aws.eks
from seldon_infra.provider.aws.eks import RESOURCES
from seldon_infra.provider.aws.eks.objects import EksObject
from tests.aws.eks.account import Account
from tests.aws.loopback import REGION
from tests.aws.loopback.fixtures import Surroundings

pytestmark = pytest.mark.aws

PAGE = (Path(__file__).parents[3] / "docs" / "eks.md").read_text()
SOURCES = Path(seldon_infra.provider.aws.eks.__file__).parent.glob("*.py")


def test_the_program_that_is_shown_runs(account: Account, around: Surroundings) -> None:
    (program,) = re.findall(r"```python file=__main__.py\n(.*?)```", PAGE, re.DOTALL)
    roles = {"clusterRole": around.cluster_role, "nodeRole": around.node_role, "viewers": around.other_role,
             "modelReader": around.pod_role, "region": REGION}  # fmt: skip
    for key, value in roles.items():
        account.engine.set_config(key, value)
    account.engine.set_config("subnets", json.dumps(around.subnets))
    account.engine.write_program(program)
    account.engine.up()
    account.assert_settled()
    assert len(account.inventory()) == 6


def test_each_import_that_is_shown_has_an_id_of_its_type() -> None:
    shown = re.findall(r"^pulumi import (\S+) \S+ (\S+)$", PAGE, re.MULTILINE)
    types = {it.type.token: it() for it in RESOURCES if issubclass(it, EksObject)}
    assert {token for token, _ in shown} == set(types)
    for token, id in shown:
        assert str(types[token].parse(id)) == id


def test_the_permissions_that_are_named_are_those_that_the_provider_needs() -> None:
    """Each operation stands in the provider's source by its boto3 name."""
    quoted = set(re.findall(r'"([a-z]+(?:_[a-z]+)+)"', "".join(it.read_text() for it in SOURCES)))
    verbs = ("associate_", "create_", "delete_", "describe_", "disassociate_", "list_", "tag_", "untag_", "update_")
    used = {it for it in quoted if it.startswith(verbs)}
    named = {
        re.sub(r"(?<!^)(?=[A-Z])", "_", it).lower() for it in re.findall(r"eks:(\w+)", PAGE.partition("## Perm")[2])
    }
    assert named == used

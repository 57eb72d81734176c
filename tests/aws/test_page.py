"""What docs/aws.md shows: its network is made, its imports are read, and its permissions are those in use."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatchcase

import pytest

from seldon_infra.provider.aws import RESOURCES
from seldon_infra.provider.aws.thing import Thing, _imported
from tests.aws.account import REPOSITORY, Account

pytestmark = [pytest.mark.aws, pytest.mark.timeout(600)]
PAGE = (REPOSITORY / "docs/aws.md").read_text()
SOURCES = sorted((REPOSITORY / "seldon_infra/provider/aws").glob("*.py"))
WORDS = {"vpc_id": "network", "subnet_id": "subnet", "availability_zone": "zone"}


def allowed() -> list[str]:
    """The actions that the page's policy allows, without their services."""
    (policy,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    return [str(action).partition(":")[2] for action in json.loads(policy)["Statement"][0]["Action"]]


def test_the_network_on_the_page_is_made(account: Account) -> None:
    (program,) = re.findall(r"```python file=network.py\n(.*?)```", PAGE, re.DOTALL)
    account.engine.write_program(program)
    account.up()
    assert {kind: len(ids) for kind, ids in account.inventory().items() if kind != "interface"} == {
        "vpc": 1,
        "subnet": 2,
        "igw": 1,
        "nat": 1,
        "address": 1,
        "table": 2,
        "endpoint": 1,
    }
    assert account.preview() == {}


def test_the_import_on_the_page_has_an_id_that_is_read() -> None:
    (id,) = re.findall(r"^pulumi import seldon:aws:Vpc \S+ (\S+)$", PAGE, re.MULTILINE)
    assert _imported(id) == ("eu-west-1", "vpc-0123456789abcdef0")


def test_no_permission_on_the_page_is_without_a_call_in_the_code() -> None:
    code = "".join(path.read_text() for path in SOURCES)
    named = {"".join(part.title() for part in it.split("_")) for it in re.findall(r'f?"([a-z]+(?:_[a-z{}]+)+)"', code)}
    named = {name.replace("{Side}", "Ingress").lower() for name in named}
    assert [it for it in allowed() if not any(fnmatchcase(call, it.lower()) for call in named)] == []


def test_every_type_is_on_the_page_with_what_replaces_it() -> None:
    for kind in (it for it in RESOURCES if issubclass(it, Thing)):
        (row,) = re.findall(rf"^\| `{kind.__name__}` \| (.*?) \|", PAGE, re.MULTILINE)
        assert {WORDS.get(it, it) for it in kind.replace_on} == set(row.split(", "))

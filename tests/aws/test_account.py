"""Credentials of another account: nothing of the stack passes for gone there."""

from __future__ import annotations

import pytest

from tests.aws.account import Account

pytestmark = pytest.mark.aws

OURS, THEIRS = "123456789012", "210987654321"
PROGRAM = f"""
import pulumi
from seldon_infra.resources.aws_vpc import VPC

held = pulumi.ProviderResource("seldon", "held", {{"awsAccount": "{OURS}"}})
VPC.register("vpc", pulumi.ResourceOptions(provider=held), region="eu-west-1", cidr="10.0.0.0/16")
"""
REFUSED = f"the credentials are of account {THEIRS}, and this stack's objects are in {OURS}: log in there"


def log_in_elsewhere(account: Account) -> None:
    role = f"arn:aws:iam::{THEIRS}:role/somebody"
    given = account.client("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    account.engine.environment |= {
        "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
        "AWS_SESSION_TOKEN": given["SessionToken"],
    }


def test_in_another_account_nothing_passes_for_gone(account: Account) -> None:
    engine = account.engine
    engine.write_program(PROGRAM)
    engine.up()
    ours = {**engine.environment}
    there, known = account.inventory(), account.id("vpc")
    log_in_elsewhere(account)
    for command in (engine.refresh, engine.destroy, engine.up, engine.preview):
        done = command(check=False)
        assert done.returncode != 0, done.args
        assert REFUSED in " ".join((done.stdout + done.stderr).split()), done.args
    assert (account.inventory(), account.id("vpc")) == (there, known)

    engine.environment = {name: value for name, value in ours.items() if name != "AWS_SESSION_TOKEN"}
    assert "unchanged" in engine.up("--expect-no-changes").stdout
    engine.destroy()
    assert account.inventory() == {}


def test_what_is_no_account_is_refused_at_preview(account: Account) -> None:
    account.engine.write_program(PROGRAM.replace(OURS, "prod"))
    done = account.engine.preview(check=False)
    assert done.returncode != 0
    assert "'prod' is no account of AWS: write its 12 digits" in done.stdout + done.stderr

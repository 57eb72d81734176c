"""AWS that cannot be asked is a reason in the user's words, never an error."""

from __future__ import annotations

from pathlib import Path

import pytest

from seldon_infra.clusters.facts import Skipped
from seldon_infra.eks import aws_session
from seldon_infra.eks.aws import survey
from seldon_infra.eks.aws.check import check_aws
from tests.unit.eks.aws.account import FACTS, cluster


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No credentials of this machine, and an AWS that nobody listens for."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    nothing = {
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    }
    for name, value in nothing.items():
        monkeypatch.setenv(name, value)
    aws_session.forget()


def test_who_has_no_credentials_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert survey.caller("eu-west-1") == Skipped("", "no credentials for AWS (NoCredentialsError)")
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    aws_session.forget()
    found = survey.caller("eu-west-1")
    assert isinstance(found, Skipped)
    assert "nobody" in found.reason


def test_an_aws_that_is_not_reached_leaves_everything_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    assert survey.caller("eu-west-1") == Skipped("", "AWS is not reached (EndpointConnectionError)")
    assert FACTS.caller is not None
    found = survey.survey(cluster(), FACTS.caller)
    assert {it.reason for it in found.skipped} == {"AWS is not reached (EndpointConnectionError)"}
    assert not check_aws(cluster(), found)

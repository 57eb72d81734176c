"""A token for a cluster, judged as EKS judges it: STS is asked by its URL, and says who signed it."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

pytestmark = pytest.mark.aws

COMMAND = Path(sys.executable).with_name("seldon-infra")
KEY, SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return subprocess.run(
        [COMMAND, "eks-token", *arguments],
        env=kept | {"AWS_EC2_METADATA_DISABLED": "true", "HOME": "/nonexistent"} | environment,
        capture_output=True,
        text=True,
        timeout=240,
    )


def signed(*arguments: str, **environment: str) -> dict[str, Any]:
    done = run(*arguments, AWS_ACCESS_KEY_ID=KEY, AWS_SECRET_ACCESS_KEY=SECRET, **environment)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def url_of(credential: dict[str, Any]) -> str:
    prefix, _, rest = credential["status"]["token"].partition(".")
    assert prefix == "k8s-aws-v1"
    return base64.urlsafe_b64decode(rest + "=" * (-len(rest) % 4)).decode()


def signature_for(url: str, cluster: str) -> str:
    """Sign the same question again, by botocore's own signer at the same time."""
    parts = urllib.parse.urlsplit(url)
    given = dict(urllib.parse.parse_qsl(parts.query))
    signer = SigV4QueryAuth(Credentials(KEY, SECRET), "sts", "eu-west-1", expires=int(given["X-Amz-Expires"]))
    query = {name: value for name, value in given.items() if name != "X-Amz-Signature"}
    unsigned = AWSRequest("GET", f"{parts.scheme}://{parts.netloc}{parts.path}?{urllib.parse.urlencode(query)}")
    unsigned.headers["x-k8s-aws-id"] = cluster
    unsigned.context["timestamp"] = given["X-Amz-Date"]
    return str(signer.signature(signer.string_to_sign(unsigned, signer.canonical_request(unsigned)), unsigned))


def test_a_token_says_who_asks_and_for_which_cluster(moto: str) -> None:
    url = url_of(signed("--cluster", "prod", "--region", "eu-west-1", AWS_ENDPOINT_URL=moto))
    query = urllib.parse.parse_qs(urllib.parse.urlsplit(url).query)
    assert query["Action"] == ["GetCallerIdentity"]
    assert query["X-Amz-SignedHeaders"] == ["host;x-k8s-aws-id"]
    assert query["X-Amz-Expires"] == ["60"]
    # AWS knows by the host which service it is asked, moto by a header.
    scope = f"AWS4-HMAC-SHA256 Credential={query['X-Amz-Credential'][0]}"
    request = urllib.request.Request(url, headers={"x-k8s-aws-id": "prod", "Authorization": scope})
    with urllib.request.urlopen(request, timeout=240) as answer:
        assert b"GetCallerIdentityResult" in answer.read()


def test_the_signature_is_of_that_cluster_alone() -> None:
    url = url_of(signed("--cluster", "prod", "--region", "eu-west-1"))
    assert url.startswith("https://sts.eu-west-1.amazonaws.com/?")
    (signature,) = urllib.parse.parse_qs(urllib.parse.urlsplit(url).query)["X-Amz-Signature"]
    assert signature == signature_for(url, "prod")
    assert signature != signature_for(url, "other")


def test_a_token_ends_before_eks_stops_taking_it() -> None:
    credential = signed("--cluster", "prod", AWS_REGION="eu-west-1")
    assert (credential["kind"], credential["apiVersion"]) == (
        "ExecCredential",
        "client.authentication.k8s.io/v1beta1",
    )
    ends = datetime.strptime(credential["status"]["expirationTimestamp"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert timedelta(minutes=10) < ends - datetime.now(UTC) < timedelta(minutes=15)


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"AWS_REGION": "eu-west-1"}, "no token for cluster 'prod': Unable to locate credentials; log in to AWS"),
        ({}, "no region of AWS is known: name it, or set AWS_REGION"),
        ({"AWS_REGION": "eu-west-1", "AWS_PROFILE": "none"}, "The config profile (none) could not be found"),
    ],
)
def test_who_has_no_credentials_is_told_so(environment: dict[str, str], said: str) -> None:
    done = run("--cluster", "prod", **environment)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr

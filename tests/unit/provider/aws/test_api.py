"""The seam to AWS against a loopback that answers what a test wrote down, through the real boto3."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest

from seldon_infra.provider.aws import api as seam
from seldon_infra.provider.aws.api import Api, client_token
from seldon_infra.provider.aws.trouble import AwsError, Kind
from seldon_infra.provider.framework import Cancelled, Context, TimedOut
from tests.engine.waiting import wait_until

DROP = 0
"""Instead of a status: the connection is closed with no answer."""
NO = "<Response><Errors><Error><Code>{}</Code><Message>{}</Message></Error></Errors></Response>"


class Script:
    """A loopback AWS: each answer is (status, body), the last one for ever; `asked` are the actions that came."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, str]] = [(200, "<R/>")]
        self.asked: list[dict[str, list[str]]] = []
        self.held = threading.Event()
        self.held.set()
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def next(self, body: str) -> tuple[int, str]:
        with self._lock:
            self.asked.append(parse_qs(body))
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        self.held.wait(60)
        return answer

    def refuse(self, *codes: str, status: int = 400, message: str = "no", then: str = "<R/>") -> None:
        self.answers = [*((status, NO.format(code, message)) for code in codes), (200, then)]

    def close(self) -> None:
        self.held.set()
        self._server.shutdown()
        self._server.server_close()


def _handler(script: Script) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            status, answer = script.next(body)
            if status == DROP:
                return
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer.encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler


@pytest.fixture(scope="module")
def script() -> Iterator[Script]:
    script = Script()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(seam, "_CLIENTS", seam._Clients())
        yield script
    script.close()


@pytest.fixture
def aws(script: Script, monkeypatch: pytest.MonkeyPatch) -> Iterator[Script]:
    script.answers, script.asked = [(200, "<R/>")], []
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_ENDPOINT_URL", script.url)
    monkeypatch.setattr(seam, "_MEMORY", seam._Memory())
    yield script
    script.held.set()


def here(context: Context | None = None) -> Api:
    return Api("eu-west-1", context or Context("urn", "owner"), pauses=lambda attempt: 0.0)


def test_a_throttled_call_is_repeated_until_it_is_taken(aws: Script) -> None:
    aws.refuse(*["RequestLimitExceeded"] * 7)
    here().call("ec2", "create_vpc", CidrBlock="10.0.0.0/16")
    assert len(aws.asked) == 8


def test_what_may_have_made_something_is_not_sent_twice(aws: Script) -> None:
    aws.refuse("InternalError", status=500)
    with pytest.raises(AwsError) as failed:
        here().call("ec2", "create_vpc", CidrBlock="10.0.0.0/16")
    assert (failed.value.kind, len(aws.asked)) == (Kind.TRANSIENT, 1)


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("delete_vpc", {"VpcId": "vpc-1"}),
        ("create_tags", {"Resources": ["vpc-1"], "Tags": []}),
        ("create_nat_gateway", {"SubnetId": "subnet-1", "ClientToken": "t"}),
        ("describe_vpcs", {}),
    ],
)
@pytest.mark.parametrize("status", [500, DROP])
def test_what_does_no_harm_twice_is_sent_again(
    aws: Script, operation: str, parameters: dict[str, object], status: int
) -> None:
    aws.refuse("InternalError", "InternalError", status=status)
    here().call("ec2", operation, **parameters)
    assert len(aws.asked) == 3


def test_what_is_not_yet_seen_everywhere_is_waited_for_where_the_caller_says_so(aws: Script) -> None:
    aws.refuse("InvalidVpcID.NotFound", "InvalidVpcID.NotFound")
    here().call("ec2", "create_subnet", VpcId="vpc-1", eventually=["InvalidVpcID.NotFound"])
    aws.refuse("InvalidVpcID.NotFound")
    with pytest.raises(AwsError, match="does not find it"):
        here().call("ec2", "create_subnet", VpcId="vpc-1")


def test_a_text_of_aws_can_be_waited_out_too(aws: Script) -> None:
    aws.refuse("InvalidParameter", message="The role could not be assumed yet")
    here().call("ec2", "create_subnet", VpcId="vpc-1", eventually=["could not be assumed"])
    assert len(aws.asked) == 2


def test_a_question_is_asked_once_until_something_changes(aws: Script) -> None:
    aws.answers = [(200, "<R><vpcSet><item><vpcId>vpc-1</vpcId></item></vpcSet></R>")]
    api = here()
    with ThreadPoolExecutor(8) as many:
        found = list(many.map(lambda _: api.every("ec2", "describe_vpcs", "Vpcs"), range(40)))
    assert {len(each) for each in found} == {1}
    assert len(aws.asked) == 1
    api.call("ec2", "delete_vpc", VpcId="vpc-1")
    api.every("ec2", "describe_vpcs", "Vpcs")
    assert len(aws.asked) == 3


def test_what_is_asked_ahead_is_under_way_at_once_and_asked_once(aws: Script) -> None:
    api = here()
    vpcs = [partial(api.ask, "ec2", "describe_vpcs", VpcIds=[id]) for id in ("a", "b", "c")]
    aws.held.clear()
    api.ahead(*vpcs)
    wait_until(lambda: len(aws.asked) == 3)
    aws.held.set()
    for ask in vpcs:
        ask()
    assert len(aws.asked) == 3


def test_a_question_ahead_that_fails_is_told_to_whoever_needs_its_answer(aws: Script) -> None:
    aws.answers = [(403, NO.format("AccessDenied", "no"))]
    api = here()
    ask = partial(api.ask, "iam", "get_role", RoleName="a")
    api.ahead(ask)
    wait_until(lambda: aws.asked)
    with pytest.raises(AwsError, match="AccessDenied"):
        ask()


def test_a_change_anywhere_makes_the_tagging_service_be_asked_anew(aws: Script) -> None:
    aws.answers = [(200, "{}")]
    find = partial(here().ask, "resourcegroupstaggingapi", "get_resources")
    find()
    find()
    assert len(aws.asked) == 1
    here().call("kms", "enable_key", KeyId="a")
    find()
    assert len(aws.asked) == 3


def test_an_answer_that_was_asked_before_a_change_is_not_given_after_it(aws: Script) -> None:
    aws.held.clear()
    api = here()
    with ThreadPoolExecutor(2) as many:
        early = many.submit(api.ask, "ec2", "describe_vpcs")
        wait_until(lambda: len(aws.asked) == 1)
        change = many.submit(api.call, "ec2", "delete_vpc", VpcId="vpc-1")
        wait_until(lambda: len(aws.asked) == 2)
        aws.held.set()
        early.result(60), change.result(60)
    api.ask("ec2", "describe_vpcs")
    assert len(aws.asked) == 3


def test_a_refused_question_is_asked_again_the_next_time(aws: Script) -> None:
    aws.refuse("UnauthorizedOperation", status=403)
    with pytest.raises(AwsError):
        here().ask("ec2", "describe_vpcs")
    here().ask("ec2", "describe_vpcs")
    assert len(aws.asked) == 2


def test_all_pages_are_read(aws: Script) -> None:
    page = "<R><vpcSet><item><vpcId>{}</vpcId></item></vpcSet>{}</R>"
    aws.answers = [(200, page.format("vpc-1", "<nextToken>more</nextToken>")), (200, page.format("vpc-2", ""))]
    found = here().every("ec2", "describe_vpcs", "Vpcs")
    assert [vpc["VpcId"] for vpc in found] == ["vpc-1", "vpc-2"]
    assert aws.asked[1]["NextToken"] == ["more"]


@pytest.mark.parametrize(
    ("code", "status", "message", "said"),
    [
        (
            "UnauthorizedOperation",
            403,
            "You may not.",
            "you may not do ec2:CreateVpc .* allow the action ec2:CreateVpc",
        ),
        (
            "AccessDenied",
            403,
            "User: arn:x is not authorized to perform: iam:PassRole on resource: y",
            "you may not do iam:PassRole",
        ),
        ("ExpiredToken", 403, "expired", "log in again .* it goes on from here"),
        ("VpcLimitExceeded", 400, "The maximum number of VPCs has been reached.", "a quota .* Service Quotas"),
        ("InvalidParameterValue", 400, "Value (x) is bad.", r"AWS refused it \(ec2:CreateVpc: InvalidParameterValue: "),
    ],
)
def test_a_refusal_says_what_to_do(aws: Script, code: str, status: int, message: str, said: str) -> None:
    aws.refuse(code, status=status, message=message)
    with pytest.raises(AwsError, match=said):
        here().call("ec2", "create_vpc", CidrBlock="10.0.0.0/16")
    assert len(aws.asked) == 1


def test_credentials_that_are_not_there_are_named(aws: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seam, "_CLIENTS", seam._Clients())
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    with pytest.raises(AwsError, match="does not take your credentials"):
        here().ask("ec2", "describe_vpcs")


def test_an_interrupt_ends_the_repeats(aws: Script) -> None:
    aws.answers = [(400, NO.format("RequestLimitExceeded", "slow down"))]
    context = Context("urn", "owner")
    context.cancelled.set()
    with pytest.raises(Cancelled, match="ec2:CreateVpc: RequestLimitExceeded"):
        here(context).call("ec2", "create_vpc", CidrBlock="10.0.0.0/16")


def test_the_time_limit_ends_the_repeats(aws: Script) -> None:
    aws.answers = [(400, NO.format("RequestLimitExceeded", "slow down"))]
    with pytest.raises(TimedOut, match="slow down"):
        here(Context("urn", "owner", timeout=0.05)).call("ec2", "create_vpc", CidrBlock="10.0.0.0/16")


def test_taking_away_what_is_not_there_is_success(aws: Script) -> None:
    aws.refuse("InvalidVpcID.NotFound")
    assert not here().drop("ec2", "delete_vpc", VpcId="vpc-1")
    assert here().drop("ec2", "delete_vpc", VpcId="vpc-1")


def test_pauses_are_bounded_and_differ() -> None:
    pauses = [seam.jittered(attempt) for attempt in range(60)]
    assert all(0 <= pause <= 15 for pause in pauses)
    assert len(set(pauses)) > 50


def test_an_idempotency_token_is_the_same_for_the_same_call_alone() -> None:
    assert client_token("t", "nat") == client_token("t", "nat")
    assert len({client_token("t", "nat"), client_token("t", "vpc"), client_token("u", "nat")}) == 3


def test_each_call_is_logged_where_the_user_wants_it(
    aws: Script, monkeypatch: pytest.MonkeyPatch, tmp_path: pytest.TempPathFactory
) -> None:
    monkeypatch.setenv("SELDON_INFRA_AWS_LOG", f"{tmp_path}/calls")
    aws.refuse("RequestLimitExceeded")
    here().call("ec2", "create_vpc", CidrBlock="10.0.0.0/16")
    with open(f"{tmp_path}/calls") as file:
        outcomes = [line.split()[1:4] for line in file]
    assert outcomes == [["eu-west-1", "ec2:CreateVpc", code] for code in ("RequestLimitExceeded", "ok")]

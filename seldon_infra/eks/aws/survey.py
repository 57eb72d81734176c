"""Asks AWS what the checks want to know: each question once, all at once, and never longer than a few seconds.

What was refused, or not answered in time, is noted as skipped with the right that is missing; it is no error. boto3 is
loaded by the first question.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

from seldon_infra.clusters.facts import Skipped
from seldon_infra.clusters.in_time import in_time
from seldon_infra.core.errors import SeldonInfraError
from seldon_infra.eks.aws import permissions, read, wanted
from seldon_infra.eks.aws.facts import AwsFacts, Caller, Role
from seldon_infra.eks.aws_session import CONNECT_SECONDS, READ_SECONDS, client
from seldon_infra.eks.spec import EksCluster
from seldon_infra.resources.aws_words import LOGGED_OUT
from seldon_infra.resources.aws_words import action as named

ALL_ANSWERS_SECONDS = 20.0
_NOT_THERE = frozenset({"NoSuchEntity", "ParameterNotFound", "ResourceNotFoundException"})

Pages = list[Mapping[str, Any]]


@dataclass(frozen=True)
class _Question:
    check: str
    """What is not checked without the answer."""
    ask: Callable[[], Any]


class NotAnswered(Exception):
    """AWS gave no answer that says anything; the text is why, in a few words."""


class NotThere(Exception):
    """AWS says that what was asked about is not there."""


@dataclass(frozen=True)
class Aws:
    """AWS in one region: one client per service, each made at its first use."""

    region: str

    def pages(self, service: str, operation: str, **parameters: object) -> Pages:
        """All pages of an answer.

        Raises:
            NotThere: what was asked about is not there.
            NotAnswered: AWS refused, or could not be reached.
        """
        try:
            from botocore.exceptions import BotoCoreError, ClientError
        except ImportError:
            raise NotAnswered("boto3 is not installed: pip install 'seldon-infra[aws]'") from None
        action = named(service, _camel(operation))
        try:
            asked = client(service, self.region)
            if asked.can_paginate(operation):
                return list(asked.get_paginator(operation).paginate(**parameters))
            return [getattr(asked, operation)(**parameters)]
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            if code in _NOT_THERE:
                raise NotThere(code) from None
            raise NotAnswered(_refusal(action, code)) from None
        except BotoCoreError as error:
            raise NotAnswered(_transport(error)) from None
        except SeldonInfraError as error:
            raise NotAnswered(str(error)) from None


def caller(region: str) -> Caller | Skipped:
    """Who the credentials are of, or why nobody knows."""
    threading.Thread(target=_make_clients, args=(region,), daemon=True).start()
    ask = partial(Aws(region).pages, "sts", "get_caller_identity")
    answer = in_time({"": ask}, READ_SECONDS + CONNECT_SECONDS)[""]
    if isinstance(answer, Exception):
        return Skipped("", _why(answer))
    return read.caller(answer[0])


def _make_clients(region: str) -> None:
    """Make the clients that take longest while the first answer is waited for."""
    with suppress(Exception):  # Whoever needs one makes it again, and is told why there is none.
        for service in ("sts", "iam", "ec2"):
            client(service, region)


def survey(cluster: EksCluster, who: Caller) -> AwsFacts:
    """Ask everything that a cluster makes worth knowing.

    Args:
        cluster: what is declared.
        who: the caller, as `caller` gave it.
    """
    questions = dict(_questions(Aws(cluster.region), cluster, who))
    answers = in_time({key: question.ask for key, question in questions.items()}, ALL_ANSWERS_SECONDS)
    known = {key: None if isinstance(answer, Exception) else answer for key, answer in answers.items()}
    skipped = {
        Skipped(questions[key].check, _why(answer)): None
        for key, answer in answers.items()
        if isinstance(answer, Exception)
    }
    types, machines = known["types",], known.get(("machines",))
    vcpus = {name: it.vcpus for name, it in (types or {}).items()}
    return AwsFacts(
        cluster.region,
        today(),
        who,
        denied=known["denied",],
        zones=known["zones",],
        types=types,
        offered=known["offered",],
        quotas={key[1]: limit for key, limit in known.items() if key[0] == "quota"},
        used=None if machines is None else read.used(machines, cluster.name, vcpus),
        own=read.own_nodes(machines or (), cluster.name),
        subnets=known.get(("subnets",)),
        versions=known["versions",],
        images={key[1]: found for key, found in known.items() if key[0] == "image"},
        roles={key[1]: found for key, found in known.items() if key[0] == "role"},
        skipped=tuple(skipped),
    )


def today() -> date:
    """The day, where AWS counts it."""
    return datetime.now(UTC).date()


def _questions(aws: Aws, cluster: EksCluster, who: Caller) -> Iterator[tuple[tuple[str, ...], _Question]]:
    types, places = list(wanted.instance_types(cluster)), list(wanted.subnets(cluster))
    yield ("denied",), _Question("permissions", partial(_denied, aws, cluster, who))
    yield ("zones",), _Question("zones", lambda: read.zones(aws.pages("ec2", "describe_availability_zones")[0]))
    yield ("types",), _Question("instance types", lambda: read.instance_types(_types(aws, types)))
    yield ("offered",), _Question("instance types in zones", lambda: read.offered(_offered(aws, types)))
    found = wanted.vcpu_quotas(cluster)
    for quota in found:
        yield ("quota", quota.code), _Question("vCPU quotas", partial(_quota, aws, quota.code))
    if found:
        running: Any = [{"Name": "instance-state-name", "Values": ["pending", "running"]}]
        ask = partial(aws.pages, "ec2", "describe_instances", Filters=running)
        yield ("machines",), _Question("vCPUs in use", ask)
    if places:
        yield ("subnets",), _Question("addresses in subnets", lambda: read.subnets(_subnets(aws, places)))
    ask_versions = lambda: read.versions(aws.pages("eks", "describe_cluster_versions", includeAll=True))  # noqa: E731
    yield ("versions",), _Question("Kubernetes versions", ask_versions)
    for parameter in wanted.image_parameters(cluster):
        yield ("image", parameter), _Question("images", partial(_is_image, aws, parameter))
    for arn in wanted.roles(cluster):
        yield ("role", arn), _Question(f"role '{read.role_name(arn)}'", partial(_role, aws, arn))


def _denied(aws: Aws, cluster: EksCluster, who: Caller) -> Any:
    """Each group of actions on its resource, all at once."""
    if who.arn.endswith(":root"):
        return ()
    source = _principal(aws, who)
    groups = permissions.asked(cluster, who.account)
    answers = in_time({group: partial(_simulated, aws, source, group) for group in groups}, ALL_ANSWERS_SECONDS)
    if failed := next((it for it in answers.values() if isinstance(it, Exception)), None):
        raise failed
    return read.denied(page for pages in answers.values() if isinstance(pages, list) for page in pages)


def _simulated(aws: Aws, source: str, group: permissions.Asked) -> Pages:
    context = [
        {"ContextKeyName": key, "ContextKeyType": "string", "ContextKeyValues": [value]}
        for key, value in (*group.context, ("aws:RequestedRegion", aws.region))
    ]
    return aws.pages(
        "iam",
        "simulate_principal_policy",
        PolicySourceArn=source,
        ActionNames=list(group.actions),
        ResourceArns=[group.resource],
        ContextEntries=context,
    )


def _principal(aws: Aws, who: Caller) -> str:
    """Whose policies count: of a session those of its role, whose path only IAM knows."""
    if ":assumed-role/" not in who.arn:
        return who.arn
    return str(aws.pages("iam", "get_role", RoleName=read.role_name(who.arn))[0]["Role"]["Arn"])


def _types(aws: Aws, types: list[str]) -> Pages:
    """By a filter: an unknown type by name is a refusal of all."""
    return aws.pages("ec2", "describe_instance_types", Filters=[{"Name": "instance-type", "Values": types}])


def _offered(aws: Aws, types: list[str]) -> Pages:
    filters = [{"Name": "instance-type", "Values": types}]
    return aws.pages("ec2", "describe_instance_type_offerings", LocationType="availability-zone", Filters=filters)


def _quota(aws: Aws, code: str) -> int:
    return int(aws.pages("service-quotas", "get_service_quota", ServiceCode="ec2", QuotaCode=code)[0]["Quota"]["Value"])


def _subnets(aws: Aws, ids: list[str]) -> Pages:
    """By a filter: one that is not there is a refusal of all."""
    return aws.pages("ec2", "describe_subnets", Filters=[{"Name": "subnet-id", "Values": ids}])


def _is_image(aws: Aws, parameter: str) -> bool:
    try:
        return bool(aws.pages("ssm", "get_parameter", Name=parameter))
    except NotThere:
        return False


def _role(aws: Aws, arn: str) -> Role:
    try:
        return Role(arn, read.trust(aws.pages("iam", "get_role", RoleName=read.role_name(arn))[0]))
    except NotThere:
        return Role(arn, None)


def _camel(operation: str) -> str:
    return "".join(word.capitalize() for word in operation.split("_"))


def _refusal(action: str, code: str) -> str:
    if code in LOGGED_OUT:
        return f"AWS does not take the credentials ({code})"
    if "Denied" in code or "Unauthorized" in code:
        return f"no right to {action}"
    return f"{action} answered {code}"


def _transport(error: Exception) -> str:
    name = type(error).__name__
    if "Credential" in name or "Token" in name or "SSO" in name or name == "ProfileNotFound":
        return f"no credentials for AWS ({name})"
    return f"AWS is not reached ({name})"


def _why(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {ALL_ANSWERS_SECONDS:g} s"
    if isinstance(error, NotThere):
        return f"AWS does not find it ({error})"
    return str(error) if isinstance(error, NotAnswered) else f"an answer that cannot be read ({error!r})"

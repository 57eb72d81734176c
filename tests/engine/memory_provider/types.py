"""`seldon:memory:Bucket`, updated in place, `Vault`, deleted before it is replaced, and `Task`, always replaced."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import Field

from seldon_infra.provider.framework import (
    Context,
    Created,
    Failed,
    Instance,
    Problem,
    Refused,
    Resource,
    TimedOut,
)
from seldon_infra.resources.model import Inputs, Outputs, ResourceType, Secret


class Rule(Inputs):
    """When objects of a bucket go."""

    prefix: str
    keep_days: int = Field(default=30, ge=1)


class BucketInputs(Inputs):
    """A bucket."""

    name: str = Field(min_length=3, description="Unique name.")
    size: int = Field(default=1, ge=1, le=100, description="In GiB.")
    region: str = "here"
    settings: dict[str, str] = Field(default_factory=dict)
    rules: list[Rule] = Field(default_factory=list)
    password: Secret[str] | None = None
    motto: str | None = None
    source: str | None = Field(default=None, description="A file whose content matters.")
    digest: str | None = Field(default=None, description="Of the source; the plugin computes it.")


class BucketOutputs(Outputs):
    """A bucket that is there."""

    name: str
    size: int
    password: Secret[str] | None = None
    motto: str | None = None
    settings: dict[str, str] = Field(default_factory=dict)
    url: str
    revision: int
    access_key: Secret[str]


class TaskInputs(Inputs):
    """A task."""

    name: str
    command: str
    environment: dict[str, str] = Field(default_factory=dict)


class TaskOutputs(TaskInputs, Outputs):
    """A task that runs."""

    pid: int


BUCKET = ResourceType("seldon:memory:Bucket", BucketInputs, BucketOutputs)
VAULT = ResourceType("seldon:memory:Vault", BucketInputs, BucketOutputs)
TASK = ResourceType("seldon:memory:Task", TaskInputs, TaskOutputs)


def ask(method: str, id: str = "", body: dict[str, Any] | None = None, seconds: float = 30) -> Any:
    """One call to the cloud."""
    connection = http.client.HTTPConnection(os.environ["MEMORY_CLOUD"], timeout=seconds)
    try:
        connection.request(method, f"/{id}", json.dumps(body or {}), {"Plugin": str(os.getpid())})
        answer = connection.getresponse()
        content = json.loads(answer.read())
    except TimeoutError:
        raise TimedOut(f"the cloud did not answer {method} in time") from None
    if answer.status != 200:
        raise Failed(f"the cloud says: {content}")
    return content


def body_of(inputs: Inputs, context: Context) -> dict[str, Any]:
    return {**inputs.wire(), "owner": context.owner, "token": context.token}


def wait_until_ready(context: Context) -> None:
    context.progress("waiting for the cloud")
    context.wait_for("the bucket to be ready", lambda: ask("GET", "ready"), every=0.05)


class Bucket(Resource[BucketInputs, BucketOutputs]):
    """A bucket in the memory cloud."""

    type = BUCKET
    replace_on = frozenset({"name"})
    computed = frozenset({"digest"})

    def check(self, inputs: BucketInputs, context: Context) -> BucketInputs:
        problems = []
        if inputs.region == "nowhere":
            problems.append(Problem("region", "does not exist; choose here or there"))
        if inputs.source and not Path(inputs.source).is_file():
            problems.append(Problem("source", f"there is no file {inputs.source}"))
        if problems:
            raise Refused(*problems)
        if not inputs.source:
            return inputs
        digest = hashlib.sha256(Path(inputs.source).read_bytes()).hexdigest()
        return inputs.model_copy(update={"digest": digest})

    def create(self, inputs: BucketInputs, context: Context) -> Created[BucketOutputs]:
        if inputs.motto == "explode":
            raise RuntimeError(f"cannot log in with {inputs.password!r} (owner {context.owner})")
        made = ask("POST", "", body_of(inputs, context))
        wait_until_ready(context)
        return Created(made["id"], self._outputs(made))

    def find(self, inputs: BucketInputs, context: Context) -> Iterable[Instance[BucketInputs, BucketOutputs]]:
        return [self._instance(thing) for thing in ask("GET") if thing["owner"] == context.owner]

    def resume(
        self, found: Instance[BucketInputs, BucketOutputs], inputs: BucketInputs, context: Context
    ) -> Created[BucketOutputs]:
        wait_until_ready(context)
        return Created(found.id, found.outputs)

    def settle(self, id: str, last: Instance[BucketInputs, BucketOutputs], context: Context) -> None:
        ask("PATCH", id, {"settled": context.owner})

    def read(
        self, id: str, last: Instance[BucketInputs, BucketOutputs] | None, context: Context
    ) -> Instance[BucketInputs, BucketOutputs] | None:
        thing = ask("GET", id, seconds=context.remaining())
        return self._instance(thing) if thing else None

    def update(
        self, id: str, last: Instance[BucketInputs, BucketOutputs], inputs: BucketInputs, context: Context
    ) -> BucketOutputs:
        body = {"size": 1, "settings": {}, "rules": [], **inputs.wire()}
        return self._outputs(ask("PUT", id, body, context.remaining()))

    def delete(self, id: str, last: Instance[BucketInputs, BucketOutputs], context: Context) -> None:
        ask("DELETE", id, seconds=context.remaining())

    def _instance(self, thing: dict[str, Any]) -> Instance[BucketInputs, BucketOutputs]:
        known = {field.alias: thing.get(field.alias or "") for field in BucketInputs.model_fields.values()}
        inputs = BucketInputs.model_validate({key: value for key, value in known.items() if value is not None})
        return Instance(thing["id"], inputs, self._outputs(thing), thing["token"], thing.get("settled", ""))

    def _outputs(self, thing: dict[str, Any]) -> BucketOutputs:
        return BucketOutputs.model_validate(
            {**thing, "url": f"memory://{thing['id']}/{thing.get('motto', '')}", "accessKey": f"key-of-{thing['id']}"}
        )


class Vault(Bucket):
    """A bucket of which there can be only one at a time."""

    type = VAULT
    delete_before_replace = True


class Task(Resource[TaskInputs, TaskOutputs]):
    """A task in the memory cloud."""

    type = TASK

    def create(self, inputs: TaskInputs, context: Context) -> Created[TaskOutputs]:
        made = ask("POST", "", {**body_of(inputs, context), "pid": 7})
        wait_until_ready(context)
        return Created(made["id"], TaskOutputs.model_validate(made))

    def find(self, inputs: TaskInputs, context: Context) -> Iterable[Instance[TaskInputs, TaskOutputs]]:
        return [self._instance(thing) for thing in ask("GET") if thing["owner"] == context.owner]

    def settle(self, id: str, last: Instance[TaskInputs, TaskOutputs], context: Context) -> None:
        ask("PATCH", id, {"settled": context.owner})

    def read(
        self, id: str, last: Instance[TaskInputs, TaskOutputs] | None, context: Context
    ) -> Instance[TaskInputs, TaskOutputs] | None:
        thing = ask("GET", id)
        return self._instance(thing) if thing else None

    def delete(self, id: str, last: Instance[TaskInputs, TaskOutputs], context: Context) -> None:
        ask("DELETE", id)

    def _instance(self, thing: dict[str, Any]) -> Instance[TaskInputs, TaskOutputs]:
        inputs = TaskInputs.model_validate({key: thing[key] for key in ("name", "command", "environment")})
        return Instance(
            thing["id"], inputs, TaskOutputs.model_validate(thing), thing["token"], thing.get("settled", "")
        )

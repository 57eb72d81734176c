"""``seldon:aws:EventRule``: a rule of EventBridge with its targets, on the account's default bus."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

from seldon_infra.provider.aws import tags as marking
from seldon_infra.provider.aws.api import Answer, Api
from seldon_infra.provider.aws.thing import Thing
from seldon_infra.provider.framework import Failed, Instance
from seldon_infra.resources.aws_event_rule import EVENT_RULE, EventRuleInputs, EventRuleOutputs

_NOT_YET = ("ResourceNotFoundException",)


class EventRule(Thing[EventRuleInputs, EventRuleOutputs]):
    """Which events are sent on, and where to.

    EventBridge can't look for tags, so the name says whose rule it is: eight characters of the mark, eight of the
    token.
    """

    type = EVENT_RULE
    replace_on = frozenset({"region", "name"})
    service = "events"

    def make(self, api: Api, inputs: EventRuleInputs, tags: Mapping[str, str]) -> str:
        """Make the rule without targets."""
        name = marking.name_with_marks(inputs.name, tags)
        made = api.call("events", "put_rule", Name=name, Tags=marking.pairs(tags), **_rule(inputs))
        return str(made["RuleArn"])

    def shape(self, api: Api, id: str, now: EventRuleInputs, wanted: EventRuleInputs) -> None:
        """Change what differs; a new target hears before an old one hears no more."""
        name = _name(id)
        if _rule(now) != _rule(wanted):
            api.call("events", "put_rule", Name=name, **_rule(wanted))
        if new := [{"Id": key, "Arn": arn} for key, arn in wanted.targets.items() if now.targets.get(key) != arn]:
            _require_all(api.call("events", "put_targets", eventually=_NOT_YET, Rule=name, Targets=new))
        if old := sorted(now.targets.keys() - wanted.targets.keys()):
            _require_all(api.call("events", "remove_targets", Rule=name, Ids=old))

    def inputs_of(self, api: Api, seen: Answer, declared: EventRuleInputs | None) -> EventRuleInputs:
        """What is described, and its targets, which are not."""
        tags = self.tags_of(api, seen)
        return EventRuleInputs(
            region=api.region,
            tags=marking.of_the_user(tags),
            name=marking.name_without_marks(seen["Name"], tags),
            description=seen.get("Description", ""),
            pattern=json.loads(seen.get("EventPattern") or "{}"),
            enabled=seen.get("State") != "DISABLED",
            targets={it["Id"]: it["Arn"] for it in _targets(api, seen["Name"])},
        )

    def outputs_of(self, api: Api, seen: Answer, inputs: EventRuleInputs) -> EventRuleOutputs:
        """Its names."""
        return EventRuleOutputs(**dict(inputs), arn=seen["Arn"], rule_name=seen["Name"])

    def remove(self, api: Api, id: str, last: Instance[EventRuleInputs, EventRuleOutputs]) -> None:
        """Take its targets away, which keep it, and remove it."""
        if self.describe(api.fresh("events"), id) is None:
            return
        name = _name(id)
        if targets := [it["Id"] for it in _targets(api, name)]:
            api.drop("events", "remove_targets", Rule=name, Ids=targets)
        api.drop("events", "delete_rule", Name=name)

    # How EventBridge is asked

    def questions(self, api: Api, id: str, declared: EventRuleInputs | None) -> Sequence[Callable[[], object]]:
        """Its tags and its targets."""
        return (partial(self.tags_of, api, {"Arn": id}), partial(_targets, api, _name(id)))

    def describe(self, api: Api, id: str) -> Answer | None:
        """The rule."""
        return api.look("events", "describe_rule", Name=_name(id))

    def marked(self, api: Api, inputs: EventRuleInputs) -> Iterable[Answer]:
        """Every rule whose name says that it is of this declaration."""
        ours = marking.names_of(api.context.owner)
        return [it for it in api.every("events", "list_rules", "Rules") if ours.search(it["Name"])]

    def id_of(self, seen: Answer) -> str:
        """Its ARN."""
        return str(seen["Arn"])

    def tags_of(self, api: Api, seen: Answer) -> Mapping[str, str]:
        """The tags, which EventBridge gives apart; none of a rule that has gone meanwhile."""
        found = api.look("events", "list_tags_for_resource", ResourceARN=seen["Arn"]) or {}
        return marking.from_pairs(found.get("Tags", ()))

    def tag(self, api: Api, id: str, tags: Mapping[str, str]) -> None:
        """Set tags."""
        api.call("events", "tag_resource", eventually=_NOT_YET, ResourceARN=id, Tags=marking.pairs(tags))

    def untag(self, api: Api, id: str, keys: Sequence[str]) -> None:
        """Take tags away."""
        api.call("events", "untag_resource", ResourceARN=id, TagKeys=list(keys))


def _rule(inputs: EventRuleInputs) -> dict[str, str]:
    """What it is declared to be, as EventBridge takes it: always the same text."""
    return {
        "Description": inputs.description,
        "EventPattern": json.dumps(inputs.pattern, sort_keys=True),
        "State": "ENABLED" if inputs.enabled else "DISABLED",
    }


def _targets(api: Api, name: str) -> list[Answer]:
    found: list[Answer] = (api.look("events", "list_targets_by_rule", Rule=name) or {}).get("Targets", [])
    return found


def _require_all(done: Answer) -> None:
    """Some targets may be refused while the call itself is answered."""
    if refused := done.get("FailedEntries"):
        told = "; ".join(f"{it.get('TargetId')}: {it.get('ErrorMessage') or it.get('ErrorCode')}" for it in refused)
        raise Failed(f"EventBridge refuses targets: {told}")


def _name(arn: str) -> str:
    return arn.rpartition("/")[2]

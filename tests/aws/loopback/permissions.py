"""IAM's simulation of policies, which moto lacks: everything is allowed but what a test says."""

from __future__ import annotations

from typing import Any, Literal

Decision = Literal["allowed", "implicitDeny", "explicitDeny"]


class Permissions:
    """What the caller may do."""

    def __init__(self) -> None:
        self.decisions: dict[str, Decision] = {}
        """By action, `ec2:CreateVpc`; what is not here is allowed."""
        self.conditions: dict[str, list[str]] = {}
        """Keys of conditions that a simulation does not know, by action."""

    def simulate(self, given: dict[str, Any]) -> dict[str, Any]:
        """The answer to SimulatePrincipalPolicy."""
        results = [self._result(action, given.get("ResourceArns", ["*"])[0]) for action in given["ActionNames"]]
        return {"EvaluationResults": results, "IsTruncated": False}

    def _result(self, action: str, resource: str) -> dict[str, Any]:
        return {
            "EvalActionName": action,
            "EvalResourceName": resource,
            "EvalDecision": self.decisions.get(action, "allowed"),
            "MatchedStatements": [],
            "MissingContextValues": self.conditions.get(action, []),
        }

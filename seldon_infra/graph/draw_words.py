"""A picture in words, for readers who do not see it."""

from __future__ import annotations

from seldon_infra.graph.draw_flow import Choice, Flow, Gather, Lane, Picture, Series, Step


def sentences(picture: Picture) -> str:
    """Say what a picture shows: the way in, then where each predictor's requests go."""
    lanes = " ".join(f"{_lane(lane)}." for lane in picture.lanes)
    return f"Requests for {picture.name} come in at {picture.entrance.name}. {lanes}"


def _lane(lane: Lane) -> str:
    share = f" ({lane.share})" if lane.share else ""
    return f"Predictor {lane.name}{share}: {_flow(lane.flow)}"


def _flow(flow: Flow) -> str:
    match flow:
        case Step(name):
            return name
        case Series(parts):
            return ", then ".join(_flow(part) for part in parts)
        case Choice(step, branches):
            return f"{step.name} picks one of [{'; '.join(_flow(branch) for branch in branches)}]"
        case Gather(branches, step):
            return f"all of [{'; '.join(_flow(branch) for branch in branches)}], combined by {step.name}"

"""``seldon:local:Route``: one deployment's way through the gateway."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from seldon_infra.resources.model import Inputs, Outputs, ResourceModel, ResourceType
from seldon_infra.resources.rollout import RolloutInputs


class RoutePredictor(ResourceModel):
    """One predictor behind the route."""

    name: str = Field(description="The predictor's name.")
    weight: int = Field(
        ge=0, le=100, description="Share of the requests, of a shadow the share that is copied, in percent."
    )
    shadow: bool = Field(default=False, description="Whether it gets copies and its answers go nowhere.")
    rest: str = Field(description="127.0.0.1:PORT for REST.")
    grpc: str = Field(description="127.0.0.1:PORT for gRPC.")


class RouteInputs(Inputs):
    """What the gateway does with a deployment's requests; every change is made in place."""

    stack_dir: str = Field(description="Absolute path of the stack's folder.")
    gateway: str = Field(description="The gateway's address.")
    namespace: str = Field(description="The deployment's namespace.")
    name: str = Field(description="The deployment's name.")
    protocol: Literal["seldon", "v2", "tensorflow"] = Field(description="What its clients speak.")
    transports: list[Literal["rest", "grpc"]] = Field(description="What is served.")
    predictors: list[RoutePredictor] = Field(description="Who answers.")
    models: list[str] = Field(default_factory=list, description="Model names of paths; the first is asked for.")
    orchestrated: bool = Field(default=True, description="Whether orchestrators answer.")
    sticky_header: str | None = Field(default=None, description="Header whose value always meets one predictor.")
    rest_seconds: float = Field(default=60.0, gt=0, description="Seconds for a REST answer.")
    grpc_seconds: float = Field(default=60.0, gt=0, description="Seconds for a gRPC answer.")
    max_in_flight: int = Field(default=256, ge=1, description="Requests at once of a server that is asked directly.")
    page: str = Field(default="", description="HTML page of the deployment's API.")
    openapi: str = Field(default="", description="OpenAPI document of the deployment.")
    streams: bool = Field(default=False, description="Whether clients may open gRPC streams to the servers.")
    drain_seconds: float = Field(default=30.0, ge=0, description="Seconds for open requests on what is replaced.")
    rollout: RolloutInputs | None = Field(default=None, description="How changes arrive; None: at once.")
    in_force: bool = Field(default=True, description="Whether the gateway's files say so; a refresh finds out.")


class RouteOutputs(RouteInputs, Outputs):
    """Where clients find the deployment."""

    url: str = Field(description="Where its REST paths begin.")
    grpc_endpoint: str = Field(description="Address for gRPC, with the headers seldon and namespace.")


ROUTE = ResourceType("seldon:local:Route", RouteInputs, RouteOutputs)

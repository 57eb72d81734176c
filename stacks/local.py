"""This machine: what `make up` applies; with the setting ``demo=full`` also what `make demo` shows."""

from enum import StrEnum

from seldon_infra import Local, Stack, config
from stacks.models import HELD_OUT, digits


class Demo(StrEnum):
    """What is there beside the digits."""

    NONE = "none"
    FULL = "full"


def _stack() -> Stack:
    samples = {"digits": HELD_OUT}
    if config("demo", Demo, default=Demo.NONE) is Demo.NONE:
        return Stack(target=Local(), deployments=(digits(),), samples=samples)
    from seldon_infra import Monitoring, PayloadFiles
    from stacks.fraud.deployment import fraud

    # An A/B test over gRPC on protocol v2 is nothing that a cluster could do.
    target = Local(portable=False, monitoring=Monitoring(interval="5s"), payloads=PayloadFiles(rotate_seconds=5))
    return Stack(target=target, deployments=(digits(), fraud()), samples=samples)


stack = _stack()

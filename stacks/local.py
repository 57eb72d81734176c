"""This machine: what `make up` applies."""

from seldon_infra import Local, Stack
from stacks.models import HELD_OUT, digits

stack = Stack(target=Local(), deployments=(digits(),), samples={"digits": HELD_OUT})

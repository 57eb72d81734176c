"""Run by Pulumi: declares the stack that ``--stack`` names."""

from seldon_infra import run

run(__file__)

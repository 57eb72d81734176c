"""Run by Pulumi: declares the figures' stack."""

from seldon_infra import run

run(__file__)

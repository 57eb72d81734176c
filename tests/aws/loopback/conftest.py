"""The loopback's own tests use it as every other test does."""

from tests.aws.loopback.fixtures import around, loopback, moto_address

__all__ = ["around", "loopback", "moto_address"]

"""The resource types of AWS. boto3 is loaded by the first call to AWS, not by an import of these modules."""

from __future__ import annotations

from seldon_infra.provider.aws import eks

RESOURCES = eks.RESOURCES
"""Every type of AWS that the plugin serves."""

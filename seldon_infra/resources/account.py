"""Which account of AWS a plugin process works in, where it has been told."""

from __future__ import annotations

from typing import Final

AWS_ACCOUNT: Final = "SELDON_INFRA_AWS_ACCOUNT"
"""Environment variable of the plugin with the account; `awsAccount` of its provider sets it."""

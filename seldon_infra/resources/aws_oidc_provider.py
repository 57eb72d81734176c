"""``seldon:aws:OidcProvider``: lets roles be taken by whoever another issuer vouches for, such as a cluster's pods."""

from __future__ import annotations

from pydantic import Field

from seldon_infra.resources.aws import AwsInputs
from seldon_infra.resources.model import Outputs, ResourceType


class OidcProviderInputs(AwsInputs):
    """Whose word is taken, and for whom; an account has one per issuer."""

    url: str = Field(
        pattern="^https://[^?#]+[^/?#]$", description="The issuer, such as a cluster's; a change replaces."
    )
    client_ids: list[str] = Field(
        default_factory=lambda: ["sts.amazonaws.com"], description="Audiences that are taken, in any order."
    )
    thumbprints: list[str] | None = Field(
        default=None, description="SHA-1 of the issuer's CA, if AWS shall not look for itself."
    )


class OidcProviderOutputs(OidcProviderInputs, Outputs):
    """What trust policies refer to."""

    arn: str = Field(description="Its ARN.")
    issuer: str = Field(description="The issuer without https://, as conditions name it.")


OIDC_PROVIDER = ResourceType("seldon:aws:OidcProvider", OidcProviderInputs, OidcProviderOutputs)

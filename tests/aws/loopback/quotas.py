"""Service Quotas: how much of what an account may have; a test sets what it needs."""

from __future__ import annotations

from typing import Any

from botocore import xform_name

from tests.aws.loopback.wire import NOT_SERVED, AwsError

_KNOWN = {
    ("ec2", "L-1216C47A"): ("Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances", 64.0),
    ("ec2", "L-34B43A08"): ("All Standard (A, C, D, H, I, M, R, T, Z) Spot Instance Requests", 64.0),
    ("ec2", "L-DB2E81BA"): ("Running On-Demand G and VT instances", 64.0),
    ("ec2", "L-3819A6DF"): ("All G and VT Spot Instance Requests", 64.0),
    ("ec2", "L-417A185B"): ("Running On-Demand P instances", 0.0),
    ("ec2", "L-7212CCBC"): ("All P4, P3 and P2 Spot Instance Requests", 0.0),
    ("ec2", "L-C4BD4855"): ("All P5 Spot Instance Requests", 0.0),
    ("ec2", "L-0263D0A3"): ("EC2-VPC Elastic IPs", 5.0),
    ("eks", "L-1194D53C"): ("Clusters", 100.0),
    ("eks", "L-6D54EA21"): ("Managed node groups per cluster", 30.0),
    ("eks", "L-BD136A63"): ("Nodes per managed node group", 450.0),
    ("vpc", "L-F678F1CE"): ("VPCs per Region", 5.0),
}


class Quotas:
    """The quotas that clusters meet."""

    def __init__(self, region: str) -> None:
        self._region = region
        self.values = {key: value for key, (_, value) in _KNOWN.items()}

    def serve(self, operation: str, given: dict[str, Any]) -> dict[str, Any]:
        """The answer to one call."""
        method = getattr(self, xform_name(operation), None)
        if method is None:
            raise AwsError(NOT_SERVED, f"the loopback does not serve service-quotas.{operation}", 501)
        return dict(method(given))

    def get_service_quota(self, given: dict[str, Any]) -> dict[str, Any]:
        return {"Quota": self._quota(given["ServiceCode"], given["QuotaCode"])}

    def get_aws_default_service_quota(self, given: dict[str, Any]) -> dict[str, Any]:
        quota = self._quota(given["ServiceCode"], given["QuotaCode"])
        return {"Quota": quota | {"Value": _KNOWN[given["ServiceCode"], given["QuotaCode"]][1]}}

    def list_service_quotas(self, given: dict[str, Any]) -> dict[str, Any]:
        return {"Quotas": [self._quota(*key) for key in self.values if key[0] == given["ServiceCode"]]}

    def _quota(self, service: str, code: str) -> dict[str, Any]:
        if (service, code) not in self.values:
            raise AwsError("NoSuchResourceException", f"The request failed because {code} does not exist.")
        return {
            "ServiceCode": service,
            "QuotaCode": code,
            "QuotaName": _KNOWN[service, code][0],
            "QuotaArn": f"arn:aws:servicequotas:{self._region}:123456789012:{service}/{code}",
            "Value": self.values[service, code],
            "Unit": "None",
            "Adjustable": True,
            "GlobalQuota": False,
        }

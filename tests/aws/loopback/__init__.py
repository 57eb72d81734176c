"""A loopback AWS: one endpoint for what moto serves well and for what it lacks, with every fault a test may want.

    with Loopback("127.0.0.1:5000") as aws:       # the address of moto, which stands behind it
        aws.environment                           # for boto3, or for the plugin of an engine test
        aws.clock.pace = 3                        # changes take three polls until they are done
        aws.faults.throttle(0.3)                  # and so on: faults.py
        with aws.faults.hold("eks.CreateCluster", "after") as held:
            ...
            os.kill(held.wait(), signal.SIGKILL)  # kill whoever made the call

EKS, Service Quotas, the SSM parameters of EKS images, prices, IAM's simulation and CloudTrail's look-up are ours
(`eks/`, `quotas.py`, `parameters.py`, `prices.py`, `permissions.py`, `trail.py`); every other call goes on to moto.
What a service takes and gives is read from botocore's own models (`wire.py`) and held against
them (`shapes.py`): an answer that AWS could not give fails the test that asked for it.
"""

from tests.aws.loopback.server import REGION, Loopback

__all__ = ["REGION", "Loopback"]

"""The resource types of AWS. boto3 is loaded by the first call to AWS, not by an import of these modules."""

"""A stack's objects of AWS as Terraform writes a plan, for scanners that read nothing else."""

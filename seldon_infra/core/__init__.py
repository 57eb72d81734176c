"""What every room stands on: the standard library and pydantic, nothing else."""

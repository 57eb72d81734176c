"""Rules about a cluster on AWS, by subject: a cluster in, problems out, nothing asked of anybody."""

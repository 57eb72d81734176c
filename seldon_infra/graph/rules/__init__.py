"""Rules about a SeldonDeployment, by subject.

Each rule is one small function: a place in the definition in, problems out. Rules say nothing about what is not
known yet (a Pulumi Output); they run again when it is.
"""

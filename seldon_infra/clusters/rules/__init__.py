"""Rules about what a cluster has for what is declared: facts in, findings out, grouped by what they are about.

A rule that lacks a fact says nothing: the survey has noted already that it could not be read.
"""

"""The payload log of a stack: orchestrators hand it what nodes were asked and answered, it writes files and sends on.

payload (what one is, sampled, redacted, cut) → frames (many over the wire) → files, web, kafka (where they go) → serve
"""

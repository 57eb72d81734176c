"""Rules that hold a cluster against what AWS says: one file per question."""

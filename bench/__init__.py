"""Benchmarks of Hoster beside its peers; see README.md. Not part of the product."""

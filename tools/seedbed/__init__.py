"""Seedbed turns a taxonomy kept in git into a model, one pull request at a time."""

__version__ = "0.1.0"

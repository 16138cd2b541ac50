"""The model card: what a release can do, what made it, and to whom it is owed."""

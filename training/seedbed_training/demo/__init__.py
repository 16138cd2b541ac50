"""The whole way on a laptop: from a pull request to a released model, in a scratch repository."""

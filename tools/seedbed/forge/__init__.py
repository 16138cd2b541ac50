"""The conversation on the forge: facts about a pull request → what to say and which labels to set, and the edge that does it."""

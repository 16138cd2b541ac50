"""What turns stored samples into a released model: plan, replay, train, evaluate, release."""

"""What went wrong once, each with the figures from before its fix."""

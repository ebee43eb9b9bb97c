"""Training: a session of lines, conversations, drills, batches of recordings."""

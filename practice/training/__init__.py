"""Training: sessions of lines and conversations, drills, batches of recordings."""

"""Worker processes: what is said to them, how they are started and kept alive, and what they do."""

"""Files by the digest of their content, the pictures among them, and the saved workflows."""

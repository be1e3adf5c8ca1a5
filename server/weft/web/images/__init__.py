"""OpenAI's images dialect, mapped to workflows."""

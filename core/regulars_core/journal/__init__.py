"""What has happened, kept for plugins that were off: which rows, when, and who was told; no personal data."""

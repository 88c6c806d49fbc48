"""What has happened, told to the plugins that are on and kept for those that are off; no personal data."""

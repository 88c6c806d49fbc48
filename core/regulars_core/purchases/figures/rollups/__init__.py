"""What the purchases of each day come to, kept: so a figure of many years costs as much as they have days."""

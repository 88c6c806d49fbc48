"""What offers do to baskets before they are sold."""

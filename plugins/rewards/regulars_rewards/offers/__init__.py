"""What offers do to a basket: pure, whole numbers in and out."""

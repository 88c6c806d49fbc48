"""What sales, refunds and voids do to offers."""

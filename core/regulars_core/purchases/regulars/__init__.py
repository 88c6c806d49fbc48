"""Who is a regular: kept beside the statistics, moved with them, counted anew where the shop decides otherwise, and proven."""

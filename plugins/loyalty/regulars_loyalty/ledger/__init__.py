"""The ledger: what customers have, in whatever unit, and all that may be done to it. Knows neither purchases nor programs."""

"""Audiences: stored conditions on customers that can be answered for a past instant, from rows that were looked up before."""

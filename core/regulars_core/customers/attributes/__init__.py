"""Attributes of customers that the shop declares itself, as data: what there is to know, and what is known of each customer."""

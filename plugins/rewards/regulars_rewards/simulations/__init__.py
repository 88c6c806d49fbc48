"""Trying rules on the shop's own past purchases before they are switched on; nothing is written."""

"""Figures of what was bought: by the calendar, by what purchases divide into, and of the shop as a whole."""

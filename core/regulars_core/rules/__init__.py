"""The kit for everything that rules decide: kinds, their settings, facts, and laws. Knows no database; only the registry knows a
shop."""

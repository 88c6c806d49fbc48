"""The host of plugins: which are installed, which are on, and who owns what. Knows no hook of core's."""

"""What customers are worth: BG/NBD and Gamma-Gamma, fitted by maximum likelihood; and a plain rate where nothing is fitted."""

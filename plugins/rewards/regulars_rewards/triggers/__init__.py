"""What brings progress: kinds of triggers, a kit for the box and for others alike."""

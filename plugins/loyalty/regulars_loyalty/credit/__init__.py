"""Store credit: given and taken by hand, captured from holds, and how far groups may go below zero."""

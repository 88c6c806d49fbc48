"""Files in the database, in pieces: what jobs have made, and what was sent to be imported; and the log of what was taken out."""

"""Points: kinds of rules, the program in its versions, and what purchases earn by it."""

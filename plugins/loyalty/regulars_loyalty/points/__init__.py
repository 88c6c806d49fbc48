"""Points: kinds of rules, the program in its versions, what purchases earn by it, and what is done by hand."""

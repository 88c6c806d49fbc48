"""What customers agree to and refuse: records that nobody changes, and which of them is in force."""

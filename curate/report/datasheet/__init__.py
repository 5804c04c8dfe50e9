"""The datasheet: its 57 questions, each answered by a function that says where it looked."""

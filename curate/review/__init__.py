"""Review: what people should look at, handed out, and their decisions brought back."""

"""What goes out: what is selected, written, listed and proved."""

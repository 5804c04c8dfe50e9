"""A bundle: an audit and what it rests on, to hand over, with what shows that it is whole."""

"""The command line: one file per command, each of which parses, builds and runs."""

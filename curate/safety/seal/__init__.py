"""Sealing: files that hash lists name, encrypted for a safety officer; two people open one."""

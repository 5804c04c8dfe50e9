"""What a user can ask for: one file or folder for each verb of the command line and of `Project`.

Each verb takes a `Context`, which is one opened workspace, calls the rooms below and keeps a record
of what it did. Nothing here prints.
"""

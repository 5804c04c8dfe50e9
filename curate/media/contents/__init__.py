"""What lies in a file: members of archives, cells of tables, values of arrays and pickles.

Nothing is unpickled, executed or written where others can reach it. What cannot be looked into is
told as such, with what would read it: whoever searches a copy must be able to tell "it is not
there" from "nobody knows".
"""

from curate.media.contents.piece import Limits, Mention, Piece, Unsearched
from curate.media.contents.walk import contents, may_hold_files

__all__ = ["Limits", "Mention", "Piece", "Unsearched", "contents", "may_hold_files"]

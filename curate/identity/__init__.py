"""Identity: which faces are one person, how sure that is, and which subject it may be.

Pure: numpy arrays and Arrow tables in and out; no file, clock or network. It serves one
project's own catalogue: embeddings of two models or two projects are never compared. Importing
this package is cheap; the compiled kernels load with the first search.

- `neighbours`: pairs of faces that are alike, exactly or by an index with measured recall.
- `calibrate`: the cosine from which two faces are one person, from the dataset's own evidence.
- `clusters`: identities that hold no pair which the evidence forbids.
- `fakes`: faces of manipulated media, placed beside them.
- `links`: which declared subject an identity is.
"""

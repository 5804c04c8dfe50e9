"""Are labels true, and can they be told from what should not matter?

Pure: Arrow tables and numpy arrays in and out. Importing this package is cheap; the compiled
kernels load with the first test, cleanlab with the first estimate of noise.

- `features`: columns to few bins, without a look at labels.
- `exchange`: which labels may be exchanged with which, and folds that part no group.
- `shortcuts`: how well a feature tells the label, and whether by chance.
- `matched`: which items to keep so that a feature tells nothing, or how to encode them again.
"""

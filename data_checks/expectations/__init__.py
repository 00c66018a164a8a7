"""The rules as expectations of Great Expectations: our own classes, its suites, and what its results mean.

Importing any of it imports Great Expectations, which takes two seconds: only the process that audits does.
"""

import warnings

with warnings.catch_warnings():
    # The package imports a module that Python itself has deprecated.
    warnings.simplefilter("ignore", DeprecationWarning)
    import great_expectations  # noqa: F401 - known from here on

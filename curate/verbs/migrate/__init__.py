"""`curate migrate`: bring a workspace of an older format up to the present one.

First a backup, then one step after the other, each of which can be done again: a migration that
was killed goes on when it is asked for again, and until then every other verb refuses the
workspace. What is not known in the new format (a column that did not exist) is left empty, which
the audit takes for not known; nothing is made up.
"""

from curate.verbs.migrate.run import Plan, migrate, plan_migration

__all__ = ["Plan", "migrate", "plan_migration"]

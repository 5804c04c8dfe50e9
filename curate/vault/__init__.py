"""The vault: embeddings that someone asked to keep, sealed so that destroying a key destroys them.

Every subject has a key of their own, wrapped by the workspace's key, which lies outside the
workspace. What is sealed opens only with both, under the model's name it was sealed with.
"""

from curate.vault.envelope import vault_salt
from curate.vault.keys import default_source, vault_key, workspace_key
from curate.vault.store import Kept, Vault

__all__ = ["Kept", "Vault", "default_source", "vault_key", "vault_salt", "workspace_key"]

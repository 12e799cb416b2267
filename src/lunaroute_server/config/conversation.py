"""What the gateway keeps of conversations between clients and upstreams of other dialects."""

from typing import Annotated

from msgspec import Meta, Struct

Seconds = Annotated[float, Meta(gt=0)]
Secret = Annotated[str, Meta(min_length=32)]


class StateConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where state is kept. What comes from conversations is encrypted."""

    url: str = "memory://"
    """`memory://`, which ends with the process and is each worker's own, or `sqlite:///` and a
    path (`sqlite:////var/lib/lunaroute/state.db`), which all workers of a machine share."""
    secret: Secret | None = None
    """At least 32 random characters, for encryption, and for the seal on what clients are given
    to bring back. Null: the file `secret` in the state directory (`$LUNAROUTE_HOME`, else
    `~/.lunaroute`), which is made if it is not there. Several machines need the same one."""

    @property
    def is_shared(self) -> bool:
        """Whether other processes may see what one keeps."""
        return not self.url.startswith("memory:")


class VaultConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Reasoning kept for clients that do not bring it back with their tools' results."""

    enabled: bool = True
    """Whether it is kept. It needs the tunnel."""
    ttl_secs: Seconds = 4 * 3600
    """For how long."""


class ReasoningConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a model thought, on its way to clients of another dialect and back."""

    tunnel: bool = True
    """Whether it is sealed into what such clients have for reasoning, and opened when they
    bring it back. Otherwise they get it as it is, and only what Chat clients echo is sent on."""
    vault: VaultConfig = VaultConfig()
    """Reasoning kept for clients that do not bring it back."""


class StoredResponsesConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Answers to clients of Responses kept for `previous_response_id`, where the upstream
    speaks another dialect.
    """

    enabled: bool = False
    """Whether they are kept, unless a request says `store: false`. Otherwise requests that name
    an earlier answer are refused."""
    ttl_secs: Seconds = 24 * 3600
    """For how long."""

"""From a configuration to what keeps conversations whole."""

import secrets
from collections.abc import Mapping

import structlog
from attrs import define

from lunaroute_core import ConfigurationError, Provider, StateStore
from lunaroute_core.dialects.codec import BodyEdits
from lunaroute_core.dialects.registry import dialect_named
from lunaroute_egress import Connector
from lunaroute_egress.conversation import (
    ConversationLayer,
    ReasoningSeal,
    ReasoningVault,
    ResumedTurns,
    StoredAnswersDesk,
    StoredResponses,
    TenantNames,
)
from lunaroute_server.config import Config
from lunaroute_server.process.state_directory import StateDirectory
from lunaroute_storage import (
    EncryptedStateStore,
    EncryptionKey,
    MemoryStateStore,
    SqliteStateStore,
    open_state_store,
    secret_file,
)

_log = structlog.get_logger("lunaroute.server")


@define(kw_only=True)
class Conversations:
    """What the layers of all providers share.

    Attributes:
        stores: what must be opened before they are used.
        seal: None where reasoning is not given to clients to bring back.
        vault: None where what they do not bring back is lost.
        stored: None where answers are not kept.
    """

    stores: list[MemoryStateStore | SqliteStateStore]
    seal: ReasoningSeal | None
    vault: ReasoningVault | None
    stored: StoredResponses | None

    @classmethod
    def from_config(
        cls, config: Config, *, environment: Mapping[str, str]
    ) -> "Conversations | None":
        """None where everything is turned off; no secret is made then.

        Raises:
            ConfigurationError: the secret is not one, or the store's URL names none.
        """
        tunnel, answers = config.reasoning.tunnel, config.stored_responses
        if not tunnel and not answers.enabled:
            return None
        secret = _secret(config, environment)
        kept = open_state_store(config.state.url)
        key = EncryptionKey.from_secret(secret, purpose="conversations")
        store = EncryptedStateStore(store=kept, keys=[key])
        tenants = TenantNames(secret)
        vault = _vault(config, store, tenants, secret)
        stored = None
        if answers.enabled:
            stored = StoredResponses(store=store, tenants=tenants, ttl=answers.ttl_secs)
        return cls(
            stores=[kept] if vault or stored else [],
            seal=ReasoningSeal(secret) if tunnel else None,
            vault=vault,
            stored=stored,
        )

    def around(self, provider: Provider, connector: Connector) -> Provider:
        """A connector, or what stands around it, whose conversations are kept whole."""
        return ConversationLayer(
            provider=provider,
            dialects=connector.dialects,
            seal=self.seal,
            vault=self.vault,
            stored=self.stored,
            upstream_model=connector.models.upstream,
            strict=connector.strict,
        )

    def before(self, provider: Provider) -> Provider:
        """What answers questions about answers that are kept, and leaves others to `provider`."""
        if self.stored is None:
            return provider
        return StoredAnswersDesk(provider=provider, stored=self.stored)


def resumed(connector: Connector) -> Provider:
    """A connector whose model goes on where it pauses, if its answers may pause."""
    if not any(dialect_named(name).pauses for name in connector.dialects):
        return connector
    return ResumedTurns(
        provider=connector,
        dialects=connector.dialects,
        deadlines=connector.deadlines,
        adds_tools=connector.edits != BodyEdits(),
    )


def _vault(
    config: Config, store: StateStore, tenants: TenantNames, secret: bytes
) -> ReasoningVault | None:
    vault = config.reasoning.vault
    if not (config.reasoning.tunnel and vault.enabled):
        return None
    return ReasoningVault(store=store, tenants=tenants, secret=secret, ttl=vault.ttl_secs)


def _secret(config: Config, environment: Mapping[str, str]) -> bytes:
    if config.state.secret is not None:
        return config.state.secret.encode()
    path = StateDirectory.from_environment(environment).secret_path
    try:
        return secret_file(path)
    except ConfigurationError as error:
        if not isinstance(error.__cause__, OSError):
            raise
        # A gateway without a place of its own still serves; each process is alone then.
        _log.warning(
            "no secret can be kept, so what clients bring back is understood by this process"
            " only; set state.secret or LUNAROUTE_HOME",
            reason=str(error),
        )
        return secrets.token_bytes(32)

"""Which study a store belongs to, and the configurations that its ratings were given under."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alembic.runtime.migration import MigrationContext
from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from study.config.older_keys import in_present_keys
from study.config.study import Study, StudyConfig, storable
from study.errors import ConfigError, StoreError
from study.store import audit
from study.store.engine import Db
from study.store.tables import PaymentRow, ProtocolVersionRow, StudyRow

# Where clips and store lie, what the screens say, what people are asked of themselves and what a
# release says of itself does not change what a rating means.
INCIDENTAL = ("mit_root", "store", "placeholders", "demographics", "desk", "release")


@dataclass(frozen=True, slots=True)
class StoreIdentity:
    """What a store says of itself."""

    store_id: str
    created_at: datetime
    rehearsal: bool
    revision: str


def add(db: Db, *, study: Study, store_id: str, at: datetime) -> None:
    """Write into a new store which study it belongs to."""
    config = study.config
    db.add(
        StudyRow(
            store_id=store_id,
            created_at=at,
            title=config.title,
            seed=config.seed,
            rehearsal=config.rehearsal,
        )
    )
    audit.add(db, actor="study", action="init", subject=store_id, detail={}, at=at)


def identity(db: Db, study: Study) -> StoreIdentity:
    """Return what the store says of itself, after checking that it belongs to the study.

    Returns id, age, whether it holds a rehearsal, and the revision of its schema. Raises StoreError
    if the store is empty, one of the two is a rehearsal and the other is not, or people were paid
    in another currency.
    """
    row = db.scalars(select(StudyRow)).one_or_none()
    if row is None:
        raise StoreError("the store has no study in it. Make one: python -m study init DIR")
    if row.rehearsal != study.config.rehearsal:
        kinds = {True: "a rehearsal", False: "a real study"}
        raise StoreError(
            f"the store is {kinds[row.rehearsal]}, but study.toml says it is "
            f"{kinds[study.config.rehearsal]}. Put `rehearsal` back, or use another store"
        )
    _require_currency(db, study.config.currency)
    revision = MigrationContext.configure(db.connection()).get_current_revision() or ""
    return StoreIdentity(row.store_id, row.created_at, row.rehearsal, revision)


def _require_currency(db: Db, currency: str) -> None:
    others = select(PaymentRow.currency).where(PaymentRow.currency != currency)
    paid_in = db.scalars(others.limit(1)).first()
    if paid_in is not None:
        raise StoreError(
            f"people were paid in {paid_in}, and study.toml says {currency}. A currency cannot be "
            f'changed after the first payment. Put it back: currency = "{paid_in}"'
        )


def config_sha256(config: StudyConfig) -> str:
    """Return a digest of all of a configuration that bears on what a rating means.

    Returns 64 hexadecimal digits; where clips and store lie does not change them.
    """
    return hashlib.sha256(_meaningful_json(config).encode()).hexdigest()


def protocol_version(db: Db, *, config: StudyConfig, at: datetime) -> int:
    """Return the number under which the present configuration is kept, adding it if it is new.

    Raises ConfigError if another configuration is frozen.
    """
    refuse_changed(db, config)
    digest = config_sha256(config)
    known = db.scalars(
        select(ProtocolVersionRow).where(ProtocolVersionRow.config_sha256 == digest)
    ).one_or_none()
    if known is not None:
        return known.id
    row = ProtocolVersionRow(
        config_sha256=digest,
        config=storable(config),
        recorded_at=at,
        frozen=False,
    )
    try:
        with db.begin_nested():
            db.add(row)
    except IntegrityError:
        # Another station recorded the same configuration at the same moment.
        return db.scalars(
            select(ProtocolVersionRow.id).where(ProtocolVersionRow.config_sha256 == digest)
        ).one()
    return row.id


def refuse_changed(db: Db, config: StudyConfig) -> None:
    """Raise if another configuration than this one is frozen.

    Raises ConfigError if it differs in what bears on a rating; names the keys.
    """
    frozen = _frozen(db)
    if frozen is not None and not _is_same(frozen, config):
        raise ConfigError(
            f"study.toml differs from the frozen configuration in {_differences(frozen, config)}. "
            "Put it back, or record the change: python -m study freeze --amend --reason WHY"
        )


def freeze(
    db: Db, *, config: StudyConfig, amend_reason: str | None, by: str = "study", at: datetime
) -> int:
    """Freeze the present configuration: from now on another one is refused.

    Raises ConfigError if another configuration is frozen and no reason is given.

    Parameters
    ----------
    amend_reason : str or None
        Why a frozen configuration is replaced by a new version; None to refuse that.
    by : str
        Who freezes it.
    """
    frozen = _frozen(db)
    if frozen is not None and amend_reason is not None:
        frozen.frozen = False
        db.flush()
    version = protocol_version(db, config=config, at=at)
    db.get_one(ProtocolVersionRow, version).frozen = True
    audit.add(
        db,
        actor=by,
        action="freeze" if amend_reason is None else "amend",
        subject=f"protocol version {version}",
        detail={"config_sha256": config_sha256(config), "reason": amend_reason or ""},
        at=at,
    )
    return version


def _frozen(db: Db) -> ProtocolVersionRow | None:
    return db.scalars(
        select(ProtocolVersionRow).where(ProtocolVersionRow.frozen.is_(True))
    ).one_or_none()


def _meaningful_json(config: StudyConfig) -> str:
    content = config.model_dump(mode="json", exclude=set(INCIDENTAL))
    return json.dumps(content, sort_keys=True)


def _is_same(frozen: ProtocolVersionRow, config: StudyConfig) -> bool:
    # A key that this software has and the one that froze did not is at its default.
    try:
        before = StudyConfig.model_validate_json(json.dumps(frozen.config))
    except ValidationError:
        return False
    return _meaningful_json(before) == _meaningful_json(config)


def _differences(frozen: ProtocolVersionRow, config: StudyConfig) -> str:
    now = json.loads(config.model_dump_json())
    # What the software that froze it did not have is at its default and no difference.
    then = _with_defaults(_in_present_keys(frozen.config), StudyConfig().model_dump(mode="json"))
    changed = []
    for name, value in now.items():
        if name in INCIDENTAL or then.get(name) == value:
            continue
        before = then.get(name)
        if isinstance(value, dict) and isinstance(before, dict):
            changed += [f"{name}.{key}" for key in value if before.get(key) != value[key]]
        else:
            changed.append(name)
    return ", ".join(changed)


def _in_present_keys(config: dict[str, Any]) -> dict[str, Any]:
    try:
        return {**config, "protocol": dict(in_present_keys(config.get("protocol", {})))}
    except ValueError:
        return config


def _with_defaults(config: dict[str, Any], defaults: dict[str, Any]) -> dict[str, Any]:
    tables = {
        key: {**default, **config[key]}
        for key, default in defaults.items()
        if isinstance(default, dict) and isinstance(config.get(key), dict)
    }
    return {**defaults, **config, **tables}

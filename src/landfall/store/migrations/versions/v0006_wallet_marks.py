"""How far each wallet's history on chain is accounted for."""

from alembic import op

from landfall.statements import load_statements

revision = "0006"
down_revision = "0005"

_HERE = "landfall.store.migrations.versions"


def upgrade() -> None:
    """Run every statement of the file beside this one, in order."""
    for statement in load_statements(_HERE, "v0006_wallet_marks.sql").values():
        op.get_bind().exec_driver_sql(statement)

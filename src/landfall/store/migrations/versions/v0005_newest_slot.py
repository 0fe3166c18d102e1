"""How far the chain has got, as the workers see it."""

from alembic import op

from landfall.statements import load_statements

revision = "0005"
down_revision = "0004"

_HERE = "landfall.store.migrations.versions"


def upgrade() -> None:
    """Run every statement of the file beside this one, in order."""
    for statement in load_statements(_HERE, "v0005_newest_slot.sql").values():
        op.get_bind().exec_driver_sql(statement)

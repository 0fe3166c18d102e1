"""What searches for pools found."""

from alembic import op

from landfall.statements import load_statements

revision = "0004"
down_revision = "0003"

_HERE = "landfall.store.migrations.versions"


def upgrade() -> None:
    """Run every statement of the file beside this one, in order."""
    for statement in load_statements(_HERE, "v0004_found_pools.sql").values():
        op.get_bind().exec_driver_sql(statement)

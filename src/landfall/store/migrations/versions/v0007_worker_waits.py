"""Why workers have not begun."""

from alembic import op

from landfall.statements import load_statements

revision = "0007"
down_revision = "0006"

_HERE = "landfall.store.migrations.versions"


def upgrade() -> None:
    """Run every statement of the file beside this one, in order."""
    for statement in load_statements(_HERE, "v0007_worker_waits.sql").values():
        op.get_bind().exec_driver_sql(statement)

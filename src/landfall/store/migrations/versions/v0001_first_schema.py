"""The first schema: orders, their log, what is shown of them, their jobs, and the cluster."""

from alembic import op

from landfall.statements import load_statements

revision = "0001"
down_revision = None

_HERE = "landfall.store.migrations.versions"


def upgrade() -> None:
    """Run every statement of the file beside this one, in order."""
    for statement in load_statements(_HERE, "v0001_first_schema.sql").values():
        op.get_bind().exec_driver_sql(statement)

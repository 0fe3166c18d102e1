"""API keys and the tickets that open WebSockets."""

from alembic import op

from landfall.statements import load_statements

revision = "0002"
down_revision = "0001"

_HERE = "landfall.store.migrations.versions"


def upgrade() -> None:
    """Run every statement of the file beside this one, in order."""
    for statement in load_statements(_HERE, "v0002_api_keys.sql").values():
        op.get_bind().exec_driver_sql(statement)

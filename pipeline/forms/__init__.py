"""Form definitions: from YAML to layout in mm, printed PDF and Pydantic record."""

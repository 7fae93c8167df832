"""SCIM queries: users and groups from their read models."""

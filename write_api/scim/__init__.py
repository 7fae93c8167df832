"""SCIM commands: the company's directory tells who there is."""

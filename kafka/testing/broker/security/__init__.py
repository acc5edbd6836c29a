"""Authentication and authorization: listeners, SASL, SCRAM users, tokens, ACLs."""

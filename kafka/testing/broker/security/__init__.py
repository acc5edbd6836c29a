"""Who is on a connection, and what they may do: listeners, SASL, SCRAM users, tokens, ACLs."""

"""Other clients, as they are released: against the embedded cluster, and beside this one."""

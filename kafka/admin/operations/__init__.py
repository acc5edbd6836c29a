"""The APIs as the admin client uses them, one pure class for each; see `kafka.admin.operation`."""

"""Groups on a real broker whose members are restarted one after the other."""

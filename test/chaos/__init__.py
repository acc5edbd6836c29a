"""Groups on three real brokers whose members and brokers are killed and stopped."""

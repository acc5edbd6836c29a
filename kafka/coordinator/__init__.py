"""Who owns which partitions: what a consumer asks of its group, or decides without one."""

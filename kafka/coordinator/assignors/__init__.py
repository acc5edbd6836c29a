"""How the leader of a classic group shares partitions out among the members.

`strategy` says what the membership of a group needs of an assignor. The modules named in
kafka-python's manner (`abstract`, `range`, `roundrobin`, `sticky.sticky_assignor`,
`cooperative_sticky`) hold the classes that users name in ``partition_assignment_strategy``.
"""

"""What members and assignments are until something else is said."""

from kafka.coordinator.assignors.strategy import Member, MemberAssignment, RebalanceProtocol


def test_a_member_that_tells_only_its_topics_owns_nothing_in_no_generation() -> None:
    member = Member("m", ("t",))
    assert (member.owned, member.generation, member.rack) == ((), -1, None)
    assert (member.user_data, member.instance_id) == (None, None)


def test_an_assignment_has_no_user_data_of_itself() -> None:
    assert MemberAssignment(()).user_data is None


def test_the_cooperative_protocol_is_the_higher_one() -> None:
    assert max(RebalanceProtocol) is RebalanceProtocol.COOPERATIVE

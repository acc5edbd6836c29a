"""What brokers are asked of ACLs, and what they answer."""

from __future__ import annotations

from kafka.admin.acl_resource import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
)
from kafka.admin.operation import ANY, ANY_ONCE, Answer
from kafka.admin.operations.acls import CreateAcls, DeleteAcls, DescribeAcls, Match
from kafka.errors import ClusterAuthorizationFailedError, InvalidRequestError, UnknownError
from kafka.protocol.messages.create_acls import CreateAclsResponse
from kafka.protocol.messages.delete_acls import DeleteAclsResponse
from kafka.protocol.messages.describe_acls import DescribeAclsResponse

TIMEOUT_MS = 1000
READ, ALLOW = ACLOperation.READ, ACLPermissionType.ALLOW
PREFIXED = ACLResourcePatternType.PREFIXED
ALICE = ACL("User:alice", "*", READ, ALLOW, ResourcePattern(ResourceType.TOPIC, "a", PREFIXED))
BOB = ACL("User:bob", "h", READ, ALLOW, ResourcePattern(ResourceType.GROUP, "g"))
ANYTHING = ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY)
ALL = ACLFilter(None, None, ACLOperation.ANY, ACLPermissionType.ANY, ANYTHING)


def test_changes_are_not_sent_to_two_brokers() -> None:
    assert DescribeAcls.lookup.fixed(ALL) == ANY
    assert CreateAcls.lookup.fixed(ALICE) == DeleteAcls.lookup.fixed(ALL) == ANY_ONCE


def test_all_acls_are_created_by_one_request() -> None:
    sent = CreateAcls().build([ALICE, BOB], TIMEOUT_MS).creations
    assert [
        (
            each.resource_type,
            each.resource_name,
            each.resource_pattern_type,
            each.principal,
            each.host,
            each.operation,
            each.permission_type,
        )
        for each in sent
    ] == [(2, "a", 4, "User:alice", "*", 3, 3), (3, "g", 3, "User:bob", "h", 3, 3)]


def test_each_acl_has_its_own_error() -> None:
    result = CreateAclsResponse.AclCreationResult
    response = CreateAclsResponse(
        results=[result(error_message=None), result(error_code=42, error_message="no such host")]
    )
    found = CreateAcls().read(Answer(response, 1), [ALICE, BOB])
    assert found[ALICE] is None
    assert isinstance(found[BOB], InvalidRequestError)
    assert "User:bob" in str(found[BOB])
    assert "no such host (CreateAcls, node 1)" in str(found[BOB])


def test_an_answer_that_is_too_short_leaves_acls_out() -> None:
    found = CreateAcls().read(Answer(CreateAclsResponse(), 1), [ALICE])
    assert found == {}


def test_a_filter_goes_out_as_it_is() -> None:
    request = DescribeAcls().build([ALL], TIMEOUT_MS)
    (other,) = DeleteAcls().build([ALL], TIMEOUT_MS).filters
    for sent in (request, other):
        assert (
            sent.resource_type_filter,
            sent.resource_name_filter,
            sent.pattern_type_filter,
            sent.principal_filter,
            sent.host_filter,
            sent.operation,
            sent.permission_type,
        ) == (1, None, 1, None, None, 1, 1)


def test_described_acls_are_those_of_all_resources() -> None:
    response = DescribeAclsResponse
    acl = response.AclDescription(principal="User:alice", host="*", operation=3, permission_type=3)
    resource = response.DescribeAclsResource(
        resource_type=2, resource_name="a", pattern_type=4, acls=[acl]
    )
    found = DescribeAcls().read(Answer(response(resources=[resource]), 1), [ALL])
    assert found == {ALL: [ALICE]}


def test_values_that_are_newer_than_this_release_are_unknown() -> None:
    response = DescribeAclsResponse
    acl = response.AclDescription(principal="User:a", host="*", operation=99, permission_type=3)
    resource = response.DescribeAclsResource(resource_type=98, resource_name="a", acls=[acl])
    found = DescribeAcls().read(Answer(response(resources=[resource]), 1), [ALL])[ALL]
    assert isinstance(found, list)
    assert found[0].operation is ACLOperation.UNKNOWN
    assert found[0].resource_pattern.resource_type is ResourceType.UNKNOWN


def test_whoever_may_not_describe_is_told_so() -> None:
    response = DescribeAclsResponse(error_code=31, error_message="no")
    error = DescribeAcls().read(Answer(response, 1), [ALL])[ALL]
    assert isinstance(error, ClusterAuthorizationFailedError)


def test_deleted_acls_are_told_by_filter_with_the_errors_of_single_ones() -> None:
    response = DeleteAclsResponse
    match = response.DeleteAclsMatchingAcl
    good = match(
        resource_type=2,
        resource_name="a",
        pattern_type=4,
        principal="User:alice",
        host="*",
        operation=3,
        permission_type=3,
        error_message=None,
    )
    bad = match(
        resource_type=3,
        resource_name="g",
        principal="User:bob",
        host="h",
        operation=3,
        permission_type=3,
        error_code=-1,
        error_message="no",
    )
    result = response.DeleteAclsFilterResult
    answer = response(
        filter_results=[
            result(error_message=None, matching_acls=[good, bad]),
            result(error_code=31, error_message="no"),
        ]
    )
    found = DeleteAcls().read(Answer(answer, 1), [ALL, ALICE])
    matches = found[ALL]
    assert isinstance(matches, list)
    assert matches[0] == Match(ALICE, None)
    assert (matches[1].acl, type(matches[1].error)) == (BOB, UnknownError)
    assert isinstance(found[ALICE], ClusterAuthorizationFailedError)

"""Calls from the threads of a user to the loop thread of a blocking client."""

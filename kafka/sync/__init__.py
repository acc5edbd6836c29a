"""The border between the threads of a user and the loop thread of a blocking client."""

"""The methods of both admin clients, as coroutine functions that take an `Admin` first.

A method checks its arguments (`kafka.admin.arguments`), runs operations (`Admin.run`), and shapes
the outcome (`kafka.admin.results`). It has no loop, no retry and no sleep of its own. The faces
name it: ``create_topics = asks(topics.create_topics)`` in `kafka.admin.client`, and with
`kafka.admin.binding.awaits` in `kafka.admin.async_client`.
"""

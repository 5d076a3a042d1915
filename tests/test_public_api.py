from __future__ import annotations

import genesis_rag


def test_every_public_name_resolves_and_the_list_is_sorted() -> None:
    assert genesis_rag.__all__ == sorted(genesis_rag.__all__)
    for name in genesis_rag.__all__:
        assert getattr(genesis_rag, name) is not None


def test_private_names_are_not_offered() -> None:
    assert not hasattr(genesis_rag, "no_such_name")

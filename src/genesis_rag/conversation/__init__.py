"""Conversations: follow-up questions are made self-contained before anything is searched."""

from genesis_rag.conversation.rewriting import RuleRewriter

__all__ = ["RuleRewriter"]

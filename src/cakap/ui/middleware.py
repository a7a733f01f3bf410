from __future__ import annotations


def strict_content(g):
    return g


def answer_refusals(g):
    return g

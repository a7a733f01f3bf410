"""Tests that know the program only from outside: its commands, its pages, a browser.

They import no app of cakap, so that code can be moved without touching them. `installation` runs the
program, `agency` fills it by pages as a new agency does, `exam` plays a participant and a proctor.
"""

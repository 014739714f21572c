"""Tests of ntkcli.drafts."""

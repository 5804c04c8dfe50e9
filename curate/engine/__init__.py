"""Stages and the engines that run them: a function mapped over batches, and nothing of media."""

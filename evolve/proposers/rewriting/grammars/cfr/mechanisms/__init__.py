"""Edits with a meaning: the ideas of the field, as changes of a rule's regret update, policy or average."""

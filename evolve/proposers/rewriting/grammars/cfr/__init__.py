"""The grammar of CFR rules: mechanisms of the field, and how rules are recognised and described."""

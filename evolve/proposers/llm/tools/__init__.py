"""The tool by which models have variants measured, and the conversation in which they call it."""

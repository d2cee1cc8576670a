"""How answers look: tables, text, JSON, figures, live panels, the report."""

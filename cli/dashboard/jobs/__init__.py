"""Long work that pages ask for: commands in processes of their own, which end with the dashboard."""

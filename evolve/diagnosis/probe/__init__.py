"""The prober: interventions on policies at play, and what their actions depend on."""

"""The dashboard: pages over an archive, rendered here and kept current while runs go on."""

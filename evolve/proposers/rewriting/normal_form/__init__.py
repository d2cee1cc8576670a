"""Programs in normal form: normalised, folded, cleaned of dead code, and fingerprinted."""

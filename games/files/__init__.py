"""Game files in Gambit's formats: strategic form (``.nfg``) and extensive form (``.efg``), read."""

"""Reports: pages of the dashboard frozen into one file, which loads nothing from anywhere."""
